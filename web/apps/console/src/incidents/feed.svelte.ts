// When a page looks again: at an event of the live line, and by the clock. The clock is kept where the line is up, slower: silence proves nothing.
import { type LiveMessage, type LivePosition, openLive } from '@bluelamp/client';
import { ticking } from '@bluelamp/ui';
import { untrack } from 'svelte';

const SLOWER = 6;
const LATE_MS = 15_000;
/** Events come in bursts: one look for all of them. */
const TOGETHER_MS = 120;

interface Wanted {
  /** Only events whose kind starts so. */
  kinds?: string;
  /** Looks follow each other no sooner. */
  leastMs?: number;
}

interface Watcher {
  /** Empty: every incident. */
  incident: string;
  kinds: string;
  ring: () => void;
}

class Feed {
  /** Whether events arrive by themselves. */
  live = $state(false);
  /** By server-sent events, where WebSockets do not get through. */
  fallback = $state(false);
  /** When the platform last said anything, epoch milliseconds; 0: never yet. */
  answered = $state(0);
  late = $derived(this.answered > 0 && ticking.now - this.answered > LATE_MS);
  #watchers = new Set<Watcher>();
  #movers = new Set<(items: LivePosition[]) => void>();

  /** Opens the live line; returns what closes it. */
  connect(): () => void {
    const line = openLive({
      follow: { agency: true },
      onMessage: (message) => this.#hear(message),
      onHealth: (health) => {
        this.live = health.state === 'connected';
        this.fallback = health.way === 'events';
      },
    });
    return () => {
      line.close();
      this.live = false;
    };
  }

  #hear(message: LiveMessage): void {
    this.answered = Date.now();
    // What happened before the line was up, or was missed, is looked at.
    if (message.type === 'ready' && !message.resumed) this.told('');
    else if (message.type === 'event') this.told(message.event.incident, message.event.kind);
    else if (message.type === 'removed') this.told(message.incident);
    else if (message.type === 'positions') this.#movers.forEach((tell) => tell(message.items));
  }

  /** Looks now, then whenever something of the incident was told, and every so often. Returns what stops it. */
  watch(incident: string, everyMs: number, look: () => Promise<boolean>, { kinds = '', leastMs = TOGETHER_MS }: Wanted = {}): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let began = 0;
    let busy = false;
    let again = false;
    let over = false;
    const run = async (): Promise<void> => {
      clearTimeout(timer);
      busy = true;
      again = false;
      began = Date.now();
      if (await look()) this.answered = Date.now();
      busy = false;
      if (!over) timer = setTimeout(() => void run(), again ? leastMs : everyMs * (this.live ? SLOWER : 1));
    };
    const watcher: Watcher = {
      incident,
      kinds,
      ring: () => {
        if (busy || over) again = true;
        else {
          // A second ring while one is coming changes nothing: a flood of events cannot put the look off.
          if (again) return;
          again = true;
          clearTimeout(timer);
          timer = setTimeout(() => void run(), Math.max(TOGETHER_MS, began + leastMs - Date.now()));
        }
      },
    };
    this.#watchers.add(watcher);
    // What a look reads is not what the page's effect depends on.
    untrack(() => void run());
    return () => {
      over = true;
      clearTimeout(timer);
      this.#watchers.delete(watcher);
    };
  }

  /** Resources that have moved, as the line tells it; returns what stops it. */
  onMoved(tell: (items: LivePosition[]) => void): () => void {
    this.#movers.add(tell);
    return () => this.#movers.delete(tell);
  }

  /** Something happened on an incident; without one: everything may have changed. */
  told(incident: string, kind = ''): void {
    for (const one of this.#watchers) {
      if ((!incident || !one.incident || one.incident === incident) && (!kind || kind.startsWith(one.kinds))) one.ring();
    }
  }
}

export const feed = new Feed();
