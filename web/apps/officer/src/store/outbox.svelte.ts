// Everything that somebody enters goes here first, sealed on the device, and leaves when there is signal: in order within an incident,
// recognised when it is repeated, and never dropped silently. What the platform refuses stays here for its writer to mend.
import { ApiError, inWords } from '@bluelamp/client';
import { line } from '../line/line.svelte';
import { ulid } from '../line/ulid';
import { device } from './device.svelte';

export interface Item {
  id: string;
  /** `events`: for an incident's log; otherwise the name of a door of its own. */
  lane: 'events' | 'open' | 'status' | 'media';
  incident: string;
  kind: string;
  /** What it is, to its writer. */
  words: string;
  /** By this device's clock, epoch milliseconds, and how far that was from the platform's (null: not known then). */
  made: number;
  offset: number | null;
  data: Record<string, unknown>;
  /** Agencies that see it; none: all on the incident. */
  audience?: string[];
  state: 'waiting' | 'refused';
  why: string;
}

export interface Result {
  id: string;
  /** `later`: some of it has gone; the rest gives way to what is shorter. */
  state: 'accepted' | 'repeated' | 'refused' | 'later';
  why: string;
}

/** Sends items of one lane and one incident, in order; throws where the platform was not reached or has nothing to say of them yet. */
export type Sender = (incident: string, items: Item[]) => Promise<Result[]>;

const BATCH = 50;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

/** When it happened by the platform's clock, RFC 3339. What was made before the clock was ever measured is corrected when it leaves. */
export function happenedAt(item: Pick<Item, 'made' | 'offset'>): string {
  return new Date(item.made + (item.offset ?? line.offset ?? 0)).toISOString();
}

class Outbox {
  items: Item[] = $state.raw([]);
  waiting = $derived(this.items.filter((item) => item.state === 'waiting').length);
  refused = $derived(this.items.filter((item) => item.state === 'refused'));
  sending = $state(false);
  /** Why the last entry could not be kept here; empty: it was. */
  problem = $state('');
  /** Of what leaves in pieces, how much has gone, 0 to 1. */
  progress: Record<string, number> = $state({});
  /** Called with what has just gone, before it leaves the list: so that nothing flickers. */
  onSent: (incident: string, ids: string[]) => Promise<void> = () => Promise.resolve();
  readonly #senders = new Map<Item['lane'], Sender>();
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    line.onBack(() => this.send());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.send());
  }

  by(lane: Item['lane'], sender: Sender): void {
    this.#senders.set(lane, sender);
  }

  of(incident: string): Item[] {
    return this.items.filter((item) => item.incident === incident);
  }

  async load(): Promise<void> {
    this.items = (await device.vault?.all<Item>('outbox')) ?? [];
    this.send();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.items = [];
    this.problem = '';
  }

  /** Sealed before this returns; its id is the event's id everywhere. Throws where it could not be kept, which is said on every page. */
  async add(what: Pick<Item, 'lane' | 'incident' | 'kind' | 'words' | 'data' | 'audience'>, id = ulid(line.now())): Promise<string> {
    if (!device.vault) throw this.#refused('Sign in again.');
    const { lane, incident, kind, words, data, audience = [] } = what;
    const item: Item = { lane, incident, kind, words, data, audience, id, made: Date.now(), offset: line.offset, state: 'waiting', why: '' };
    await device.vault.put('outbox', item.id, item).catch(() => {
      throw this.#refused('This device has no room left: free some space, then send it again.');
    });
    this.problem = '';
    this.items = [...this.items, item];
    this.send();
    return item.id;
  }

  #refused(why: string): Error {
    this.problem = `What you entered last was not kept. ${why}`;
    return new Error(this.problem);
  }

  /** For an incident's log. */
  say(incident: string, kind: string, words: string, data: Record<string, unknown>, audience: string[] = []): Promise<string> {
    return this.add({ lane: 'events', incident, kind, words, data, audience });
  }

  /** Refused, mended, and on its way again under an id of its own: the old one may be known by now as something else. */
  async mend(item: Item, data: Record<string, unknown>): Promise<void> {
    await this.add({ ...item, data });
    await this.drop(item);
  }

  async retry(item: Item): Promise<void> {
    await this.#change(item, { state: 'waiting', why: '' });
    this.send();
  }

  async drop(item: Item): Promise<void> {
    await device.vault?.remove('outbox', item.id);
    if (item.lane === 'media') await device.vault?.remove('parts', item.id);
    this.items = this.items.filter((other) => other.id !== item.id);
  }

  async #change(item: Item, change: Partial<Item>): Promise<void> {
    const changed = { ...item, ...change };
    await device.vault?.put('outbox', item.id, changed);
    this.items = this.items.map((other) => (other.id === item.id ? changed : other));
  }

  /** Tries now; does nothing while it is trying already. Two windows of the app take turns. */
  send(): void {
    clearTimeout(this.#timer);
    if (this.sending || !this.waiting || !device.vault) return;
    this.sending = true;
    const work = (): Promise<boolean> => this.#round();
    const turn = navigator.locks ? navigator.locks.request('bluelamp-officer-outbox', work) : work();
    void turn
      .catch(() => false)
      .then((done) => {
        this.sending = false;
        this.#attempt = done ? 0 : this.#attempt + 1;
        if (!this.waiting) return;
        const wait = done ? 0 : RETRY_MS[Math.min(this.#attempt - 1, RETRY_MS.length - 1)];
        this.#timer = setTimeout(() => this.send(), wait);
      });
  }

  /** Whether something waits that is sooner said than a picture. */
  get words(): boolean {
    return this.items.some((item) => item.state === 'waiting' && item.lane !== 'media');
  }

  /** The next batch; whether it went. */
  async #round(): Promise<boolean> {
    const first = this.#next();
    if (!first) return true;
    const batch = first.lane === 'events' ? this.#run(first) : [first];
    const sender = this.#senders.get(first.lane);
    if (!sender) throw new Error(`nothing sends ${first.lane}`);
    let results: Result[];
    try {
      results = await sender(first.incident, batch);
    } catch (error) {
      if (!(error instanceof ApiError) || transient(error)) return false;
      results = batch.map((item) => ({ id: item.id, state: 'refused', why: inWords(error) }));
    }
    return this.#settle(first.incident, batch, results);
  }

  /** Words before pictures: a picture may take minutes on a poor line. */
  #next(): Item | undefined {
    const waiting = this.items.filter((item) => item.state === 'waiting');
    return waiting.find((item) => item.lane !== 'media') ?? waiting[0];
  }

  #run(first: Item): Item[] {
    return this.items.filter((i) => i.state === 'waiting' && i.lane === 'events' && i.incident === first.incident).slice(0, BATCH);
  }

  /** Whether anything was decided: an answer that says nothing of what was sent is no reason to send it again at once. */
  async #settle(incident: string, batch: Item[], results: Result[]): Promise<boolean> {
    const byId = new Map(results.map((result) => [result.id, result]));
    const gone = batch.filter((item) => ['accepted', 'repeated'].includes(byId.get(item.id)?.state ?? ''));
    for (const item of batch) {
      const result = byId.get(item.id);
      if (result?.state === 'refused') await this.#change(item, { state: 'refused', why: result.why });
    }
    if (!gone.length) return results.some((result) => result.state === 'refused' || result.state === 'later');
    await device.vault?.remove('outbox', ...gone.map((item) => item.id));
    await device.vault?.remove('parts', ...gone.filter((item) => item.lane === 'media').map((item) => item.id));
    await this.onSent(incident, gone.map((item) => item.id)).catch(() => undefined);
    const ids = new Set(gone.map((item) => item.id));
    this.items = this.items.filter((item) => !ids.has(item.id));
    return true;
  }
}

/** Not a word about what was sent: no signal, too much at once, a failure over there, or nobody signed in. Tried again later. */
function transient(error: ApiError): boolean {
  return error.status === 0 || error.status === 401 || error.status === 408 || error.status === 429 || error.status >= 500
    || ['session_locked', 'step_up_needed', 'csrf'].includes(error.code);
}

export const outbox = new Outbox();
