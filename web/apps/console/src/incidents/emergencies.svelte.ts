// Emergencies that are not closed, for every page: heard and seen until somebody has answered.
import { control, inWords } from '@bluelamp/client';
import { sound } from '../live/sound.svelte';
import { feed } from './feed.svelte';

const EVERY_MS = 3_000;
const AGAIN_MS = 5_000;

class Emergencies {
  open: control.Emergency[] = $state.raw([]);
  unanswered = $derived(this.open.filter((one) => one.state === 'raised'));
  problem = $state('');
  #known = new Map<string, number>();
  #siren: ReturnType<typeof setInterval> | undefined;

  start(): () => void {
    const stop = feed.watch('', EVERY_MS, () => this.look(), { kinds: 'emergency.' });
    return () => {
      stop();
      clearInterval(this.#siren);
      this.#siren = undefined;
      this.open = [];
      this.#known.clear();
    };
  }

  async look(): Promise<boolean> {
    try {
      this.#put((await control.emergencies.list()).items);
      this.problem = '';
      return true;
    } catch (error) {
      this.problem = inWords(error);
      return false;
    }
  }

  #put(items: control.Emergency[]): void {
    this.open = [...items].sort((a, b) => Number(a.state !== 'raised') - Number(b.state !== 'raised') || a.pressed_at.localeCompare(b.pressed_at));
    // Once at once for whatever is new or was told again, then over and over while any waits.
    if (this.unanswered.some((one) => (this.#known.get(one.id) ?? -1) < one.level)) sound.emergency();
    this.#known = new Map(this.open.map((one) => [one.id, one.level]));
    if (this.unanswered.length && !this.#siren) this.#siren = setInterval(() => sound.emergency(), AGAIN_MS);
    else if (!this.unanswered.length) {
      clearInterval(this.#siren);
      this.#siren = undefined;
    }
  }

  async acknowledge(id: string): Promise<void> {
    await this.#act(() => control.emergencies.acknowledge(id));
  }

  /** Whether it was closed. */
  close(id: string, outcome: 'resolved' | 'false_alarm', note: string): Promise<boolean> {
    return this.#act(() => control.emergencies.close(id, outcome, note));
  }

  async #act(work: () => Promise<control.Emergency>): Promise<boolean> {
    try {
      const changed = await work();
      this.#put(this.open.map((one) => (one.id === changed.id ? changed : one)).filter((one) => one.state !== 'closed'));
      this.problem = '';
      feed.told('');
      return true;
    } catch (error) {
      this.problem = inWords(error);
      return false;
    }
  }
}

export const emergencies = new Emergencies();
