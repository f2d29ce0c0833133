// The own agency's resources, kept up to date while a page shows them.
import { control, inWords } from '@bluelamp/client';
import { feed } from './feed.svelte';
import { words } from './terms.svelte';

const EVERY_MS = 6_000;
const SOON_EVERY_MS = 12_000;

class Crews {
  all: control.Resource[] = $state.raw([]);
  loaded = $state(false);
  problem = $state('');

  follow(): () => void {
    return feed.watch('', EVERY_MS, () => this.look(), { kinds: 'resource.', leastMs: 1_000 });
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

  /** By resource: how soon it is at the place that was asked about. */
  soon: Map<string, control.Candidate> = $state.raw(new Map());

  /** Keeps asking who is soonest there; returns what stops it. */
  watchPlace(latitude: number, longitude: number): () => void {
    return feed.watch('', SOON_EVERY_MS, async () => {
      try {
        const page = await control.nearest(latitude, longitude, { free: false, limit: 100 });
        this.soon = new Map(page.items.map((one) => [one.resource.id, one]));
        return true;
      } catch {
        // Without it the list is by status: a help that fails must not stand in the way.
        this.soon = new Map();
        return false;
      }
    }, { kinds: 'resource.', leastMs: 5_000 });
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
