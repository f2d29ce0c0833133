// The own agency's resources, kept up to date while a page shows them.
import { control, inWords } from '@bluelamp/client';
import { feed } from './feed.svelte';
import { words } from './terms.svelte';

const EVERY_MS = 6_000;

class Crews {
  all: control.Resource[] = $state.raw([]);
  loaded = $state(false);
  problem = $state('');

  follow(): () => void {
    return feed.watch('', EVERY_MS, () => this.look());
  }

  async look(): Promise<boolean> {
    try {
      await words.load();
      const all: control.Resource[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: control.Resource[]; next: string | null } = await control.resources.list(cursor);
        all.push(...page.items);
        cursor = page.next;
      } while (cursor && all.length < 5_000);
      this.all = all;
      this.loaded = true;
      this.problem = '';
      return true;
    } catch (error) {
      this.problem = inWords(error);
      return false;
    }
  }

  /** In the agency's own code; on an incident it joins its log. True where it was taken. */
  async say(resource: string, code: string): Promise<boolean> {
    try {
      const now = await control.resources.status(resource, code);
      this.all = this.all.map((one) => (one.id === now.id ? { ...now, crew: one.crew } : one));
      this.problem = '';
      if (now.incident) feed.told(now.incident);
      return true;
    } catch (error) {
      this.problem = inWords(error);
      return false;
    }
  }
}

export const crews = new Crews();
