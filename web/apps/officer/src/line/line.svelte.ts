// The health of the line and the platform's clock, from every request that the app makes and from the live connection.
import { giveUp, onContact, waitAtMost } from '@bluelamp/client';
import { ticking } from '@bluelamp/ui';
import { better, correction, measure, type Measured } from './offset';

const LATE_MS = 30_000;
/** The header says whole seconds, cut off, and servers look at their clock for it once a second. */
const DATE_GRAIN_MS = 2_000;
const KEPT = 'bluelamp-clock';
/** Those who wait for signal are told this often at most. */
const BELL_MS = 5_000;

export type Health = 'connecting' | 'connected' | 'late' | 'offline';

function kept(): Measured | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Measured | null;
  } catch {
    return null;
  }
}

/** A call for help is said again soon; a piece of a picture may take its time on a poor line. */
function patience(request: Request): number {
  if (request.url.includes('/emergencies')) return 8_000;
  return request.method === 'PATCH' ? 90_000 : 20_000;
}

class Line {
  /** When the platform last answered anything, by this device's clock. */
  heard = $state(0);
  /** Since when it cannot be reached; 0: it can. */
  lost = $state(navigator.onLine ? 0 : Date.now());
  #measured: Measured | null = kept();
  #back: (() => void)[] = [];
  #rang = -Infinity;
  #bell: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    onContact((answer) => {
      if (!answer) return this.miss();
      if (answer.date) this.clock(answer.sent, answer.back, Date.parse(answer.date), DATE_GRAIN_MS);
      return this.hear();
    });
    waitAtMost(patience);
    addEventListener('offline', () => {
      giveUp();
      this.miss();
    });
    addEventListener('online', () => this.#ring());
  }

  /** Something came from the platform. */
  hear(): void {
    this.heard = Date.now();
    if (!this.lost) return;
    this.lost = 0;
    this.#tell();
  }

  /** Not each time: where some requests fail and others do not, each that comes through would set off those that fail, without end. */
  #tell(): void {
    clearTimeout(this.#bell);
    const ago = performance.now() - this.#rang;
    if (ago >= 0 && ago < BELL_MS) this.#bell = setTimeout(() => this.#tell(), BELL_MS - ago);
    else this.#ring();
  }

  #ring(): void {
    this.#rang = performance.now();
    this.#back.forEach((act) => act());
  }

  miss(): void {
    this.lost ||= Date.now();
  }

  /** Calls back when signal may be there again, until the function that is returned is called. */
  onBack(act: () => void): () => void {
    this.#back = [...this.#back, act];
    return () => (this.#back = this.#back.filter((other) => other !== act));
  }

  clock(sent: number, back: number, platform: number, grain: number): void {
    if (!Number.isFinite(platform)) return;
    this.#measured = better(this.#measured, measure(sent, back, platform, grain));
    localStorage.setItem(KEPT, JSON.stringify(this.#measured));
  }

  /** Platform minus device, milliseconds; null: never measured on this device. A clock that may well be right is left alone. */
  get offset(): number | null {
    return this.#measured && correction(this.#measured);
  }

  /** The platform's time now, as well as it is known, epoch milliseconds. */
  now(): number {
    return Math.round(Date.now() + (this.offset ?? 0));
  }

  get health(): Health {
    if (this.lost) return 'offline';
    if (!this.heard) return 'connecting';
    return ticking.now - this.heard > LATE_MS ? 'late' : 'connected';
  }
}

export const line = new Line();
