// One incident as a screen holds it: the state as the platform folds it (nothing is folded here), the log, and the way to say something.
import { ApiError, control, inWords, ulid } from '@bluelamp/client';
import { session } from '../shell/session.svelte';
import { feed } from './feed.svelte';
import type { Past } from './past.svelte';
import { kindWords } from './words';

const PAGE = 200;
const EVERY_MS = 4_000;

export class Room {
  readonly id: string;
  now: control.State | null = $state.raw(null);
  /** As it was at a moment that somebody looks back at. */
  past: { at: string; state: control.State } | null = $state.raw(null);
  /** Where resources were, while somebody looks back and may see it; and the moment of the slider, epoch milliseconds, ahead of `past`. */
  tracks: Past | null = $state.raw(null);
  moment = $state(0);
  /** Newest first. */
  events: control.Event[] = $state.raw([]);
  more = $state(true);
  problem = $state('');
  /** What the platform did not take, and why. */
  refused = $state('');
  gone = $state(false);
  /** The number of one that was seen here until just now. */
  lost = $state('');
  state = $derived(this.past?.state ?? this.now);
  agency = $derived(session.me?.agency.code ?? '');
  leads = $derived(this.now?.lead === this.agency);
  open = $derived(this.now?.status === 'open' && !this.past);

  constructor(id: string) {
    this.id = id;
  }

  /** Keeps it up to date; returns what stops it. */
  follow(): () => void {
    return feed.watch(this.id, EVERY_MS, () => this.refresh());
  }

  async refresh(): Promise<boolean> {
    try {
      const last = this.events[0]?.sequence ?? 0;
      if (!this.now) {
        const page = await control.log.read(this.id, { newest: true, limit: PAGE });
        if (!this.events.length) this.events = page.items;
        this.more = page.items.length === PAGE;
        this.now = await control.state(this.id);
      } else {
        const page = await control.log.read(this.id, { after: last, limit: 1_000 });
        const known = this.events[0]?.sequence ?? 0;
        const fresh = page.items.filter((one) => one.sequence > known).reverse();
        if (page.items.length) {
          this.events = [...fresh, ...this.events];
          this.now = await control.state(this.id);
        }
      }
      this.problem = '';
      this.#shown();
      return true;
    } catch (error) {
      this.gone = error instanceof ApiError && error.status === 404;
      if (this.gone) this.#forget();
      this.problem = this.gone ? '' : inWords(error);
      return false;
    }
  }

  /** It is not ours to see any more: nothing of it stays on the screen. */
  #forget(): void {
    this.lost = this.lost || this.now?.number || '';
    this.now = this.past = null;
    this.events = [];
  }

  async older(): Promise<void> {
    try {
      const page = await control.log.read(this.id, { newest: true, after: this.events.at(-1)?.sequence ?? 0, limit: PAGE });
      this.events = [...this.events, ...page.items];
      this.more = page.items.length === PAGE;
    } catch (error) {
      this.problem = inWords(error);
    }
  }

  /** The newest first, of kinds that may lie far back. */
  async all(kind: string[]): Promise<control.Event[]> {
    return (await control.log.read(this.id, { newest: true, limit: PAGE, kind })).items;
  }

  #read = 0;
  /** Tells the others how far this person has seen the log. */
  #shown(): void {
    const last = this.events[0]?.sequence ?? 0;
    if (last <= this.#read || document.hidden || !this.now) return;
    this.#read = last;
    control.receipts.say(this.id, last, last).catch(() => (this.#read = 0));
  }

  /** Says what happened; true where the platform took it. What it refuses stands on the screen with the reason. */
  async say(kind: string, data: Record<string, unknown>, audience: string[] = []): Promise<boolean> {
    return this.sayAll([[kind, data]], audience);
  }

  async sayAll(said: readonly (readonly [string, Record<string, unknown>])[], audience: string[] = []): Promise<boolean> {
    this.refused = '';
    const events = said.map(([kind, data]) => ({ id: ulid(), kind, happened_at: new Date().toISOString(), data, audience }));
    try {
      const answer = await this.#send(events);
      const wrong = answer.items.findIndex((item) => item.state === 'refused');
      if (wrong >= 0) this.refused = `${kindWords(said[wrong]![0])}: not taken. ${answer.items[wrong]!.message}.`;
      feed.told(this.id);
      return wrong < 0;
    } catch (error) {
      this.refused = inWords(error);
      return false;
    }
  }

  async #send(events: control.EventQuestion[]) {
    try {
      return await control.log.say(this.id, events);
    } catch (error) {
      // The answer may have been lost on its way: under the same ids nothing is kept twice.
      if (error instanceof ApiError && error.status === 0) return control.log.say(this.id, events);
      throw error;
    }
  }
}
