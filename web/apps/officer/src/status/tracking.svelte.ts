// Where this device is, told while one's unit is on duty and never otherwise. Without signal positions are kept in memory, one in ten
// seconds at most, and told when there is signal again; leaving duty or the app forgets them.
import { incidentApi as api } from '@bluelamp/client';
import { here, type Fix } from '../line/here.svelte';
import { line } from '../line/line.svelte';

const EVERY_MS = 10_000;
/** So often one that stands still is told again, lest the map calls it stale. */
const STILL_MS = 20_000;
const KEPT_MAX = 500;
/** After the platform wanted none. */
const AGAIN_MS = 60_000;

interface Report {
  at: string;
  latitude: number;
  longitude: number;
  accuracy_m: number;
  speed_mps: number | null;
  course_deg: number | null;
}

class Tracking {
  /** Whether the platform takes them: it said so last. */
  told = $state(false);
  /** Says one over the live line; false where there is none at the moment. */
  overLive: (report: Report) => boolean = () => false;
  #waiting: Report[] = [];
  #last = 0;
  /** What the device knew before duty is nobody's business. */
  #since = 0;
  #sending = false;
  #refusedAt = -Infinity;

  /** Begins; the function that is returned ends it. */
  start(): () => void {
    this.#refusedAt = -Infinity;
    this.#since = Date.now();
    const stop = here.follow((fix) => this.#heard(fix));
    here.refresh();
    const still = setInterval(() => here.refresh(), STILL_MS);
    const notBack = line.onBack(() => void this.#send());
    return () => {
      stop();
      clearInterval(still);
      notBack();
      this.#waiting = [];
      this.#last = 0;
      this.told = false;
    };
  }

  /** The platform does not want them: off duty there, or no unit. For a while nothing is sent. */
  untracked(): void {
    this.#refusedAt = Date.now();
    this.#waiting = [];
    this.told = false;
  }

  #heard(fix: Fix): void {
    if (fix.at < this.#since || Date.now() - this.#refusedAt < AGAIN_MS || fix.at - this.#last < EVERY_MS) return;
    this.#last = fix.at;
    const known = (value: number | null): number | null => (value !== null && Number.isFinite(value) && value >= 0 ? value : null);
    const told = {
      latitude: fix.latitude, longitude: fix.longitude, accuracy_m: fix.accuracy_m, speed_mps: known(fix.speed), course_deg: known(fix.heading),
    };
    // The live line says when by this device's clock, and the platform puts it right.
    if (!this.#waiting.length && this.overLive({ at: new Date(fix.at).toISOString(), ...told })) {
      this.told = true;
      return;
    }
    const at = new Date(fix.at + (line.offset ?? 0)).toISOString();
    this.#waiting = [...this.#waiting, { at, ...told }].slice(-KEPT_MAX);
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#sending || !this.#waiting.length) return;
    this.#sending = true;
    const batch = this.#waiting;
    try {
      const answer = await api.positions.report({ sent_at: new Date(line.now()).toISOString(), positions: batch });
      this.#waiting = this.#waiting.filter((report) => !batch.includes(report));
      this.told = answer.tracked && (answer.accepted > 0 || answer.repeated > 0 || this.told);
      if (!answer.tracked) this.untracked();
    } catch {
      this.told = false;
    } finally {
      this.#sending = false;
    }
  }
}

export const tracking = new Tracking();
