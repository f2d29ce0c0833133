// When a page looks again: at an event of the live line, and by the clock. The clock is kept where the line is up, slower: silence proves nothing.
import { ticking } from '@bluelamp/ui';
import { untrack } from 'svelte';

const SLOWER = 6;
const LATE_MS = 15_000;
/** Events come in bursts: one look for all of them. */
const TOGETHER_MS = 120;

interface Watcher {
  /** Empty: every incident. */
  incident: string;
  ring: () => void;
}

class Feed {
  /** Whether events arrive by themselves. */
  live = $state(false);
  /** When the platform last answered a look, epoch milliseconds; 0: never yet. */
  answered = $state(0);
  late = $derived(this.answered > 0 && ticking.now - this.answered > LATE_MS);
  #watchers = new Set<Watcher>();

  /** Looks now, then whenever something of the incident was told, and every so often. Returns what stops it. */
  watch(incident: string, everyMs: number, look: () => Promise<boolean>): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let busy = false;
    let again = false;
    let over = false;
    const run = async (): Promise<void> => {
      clearTimeout(timer);
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      if (await look()) this.answered = Date.now();
      busy = false;
      if (over) return;
      const soon = again;
      again = false;
      timer = setTimeout(() => void run(), soon ? TOGETHER_MS : everyMs * (this.live ? SLOWER : 1));
    };
    let ringing: ReturnType<typeof setTimeout> | undefined;
    const watcher: Watcher = {
      incident,
      ring: () => {
        clearTimeout(ringing);
        ringing = setTimeout(() => void run(), TOGETHER_MS);
      },
    };
    this.#watchers.add(watcher);
    // What a look reads is not what the page's effect depends on.
    untrack(() => void run());
    return () => {
      over = true;
      clearTimeout(timer);
      clearTimeout(ringing);
      this.#watchers.delete(watcher);
    };
  }

  /** Something happened on an incident; without one: everything may have changed. */
  told(incident: string): void {
    for (const watcher of this.#watchers) if (!incident || !watcher.incident || watcher.incident === incident) watcher.ring();
  }
}

export const feed = new Feed();
