// Reads flowing in: what the stream's pulses say, as a figure, a minute's history and points for the map. No plate is in it.
import { ticking } from '@bluelamp/ui';

export interface Pulse {
  seconds: number;
  reads: number;
  cameras_seen: number;
  cameras: [string, number][];
}

const SECONDS = 60;
/** The figure is a mean of this many seconds: bursts of batches would make it jump. */
const SMOOTHED = 4;

class Flow {
  /** Reads by the second in which they were told. */
  #told = new Map<number, number>();
  #listeners = new Set<(pulse: Pulse) => void>();
  #today: { reads: number; since: number } | null = $state.raw(null);
  #since = 0;
  /** Nobody listened before: there is no silence to show. */
  readonly #began = Math.floor(Date.now() / 1000);

  /** Reads of the last minute by second, oldest first; the second that is still running is left out. */
  readonly minute: number[] = $derived.by(() => {
    const now = Math.floor(ticking.now / 1000);
    const seconds = Math.max(0, Math.min(SECONDS, now - this.#began));
    return Array.from({ length: seconds }, (_, i) => this.#told.get(now - seconds + i) ?? 0);
  });
  readonly perSecond: number = $derived(this.minute.slice(-SMOOTHED).reduce((sum, n) => sum + n, 0) / Math.max(1, Math.min(SMOOTHED, this.minute.length)));
  /** Of the nation since midnight; null before it is known. */
  readonly today: number | null = $derived.by(() => {
    void ticking.now;
    return this.#today && this.#today.reads + this.#since - this.#today.since;
  });

  receive(pulse: Pulse): void {
    const now = Math.floor(Date.now() / 1000);
    this.#told.set(now, (this.#told.get(now) ?? 0) + pulse.reads);
    this.#since += pulse.reads;
    for (const second of this.#told.keys()) if (second < now - SECONDS) this.#told.delete(second);
    for (const tell of this.#listeners) tell(pulse);
  }

  /** The day's total as the platform counts it; what is told from now on is added. */
  startDay(reads: number): void {
    this.#today = { reads, since: this.#since };
  }

  onPulse(listener: (pulse: Pulse) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export const flow = new Flow();
