// The list of incidents that the board and the wall show, kept up to date.
import { control, inWords } from '@bluelamp/client';
import { feed } from './feed.svelte';
import { words } from './terms.svelte';

const RANK: Record<string, number> = { emergency: 0, priority: 1, scheduled: 2, no_attendance: 3 };
const EVERY_MS = 5_000;

export type Which = 'open' | 'closed';

/** Major ones first, then by grade, then the newest. */
export function inOrder(a: control.BoardRow, b: control.BoardRow): number {
  return Number(b.major) - Number(a.major) || (RANK[a.grade] ?? 9) - (RANK[b.grade] ?? 9) || b.opened_at.localeCompare(a.opened_at);
}

export class Incidents {
  rows: control.BoardRow[] = $state.raw([]);
  loaded = $state(false);
  problem = $state('');
  next: string | null = $state(null);
  #which: Which = 'open';

  follow(which: Which): () => void {
    this.#which = which;
    this.loaded = false;
    return feed.watch('', EVERY_MS, () => this.look(), { leastMs: 1_000 });
  }

  async look(): Promise<boolean> {
    try {
      await words.load();
      const page = await control.list({ status: this.#which === 'open' ? ['open'] : ['closed', 'merged'], limit: 200 });
      this.rows = this.#which === 'open' ? [...page.items].sort(inOrder) : page.items;
      this.next = page.next;
      this.problem = '';
      this.loaded = true;
      return true;
    } catch (error) {
      this.problem = inWords(error);
      return false;
    }
  }

  async older(): Promise<void> {
    if (!this.next) return;
    const page = await control.list({ status: ['closed', 'merged'], limit: 200, cursor: this.next });
    this.rows = [...this.rows, ...page.items];
    this.next = page.next;
  }
}
