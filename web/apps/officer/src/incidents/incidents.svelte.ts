// The incidents that this person sees: from the device first, then from the platform, and kept for where there is no signal.
// Opening an incident is a look that the platform records, so only what is assigned or opened by hand is fetched ahead.
import { ApiError, incidentApi as api, type IncidentRow, type IncidentState, type LogEvent, type MyIncidents, type Receipt } from '@bluelamp/client';
import { device } from '../store/device.svelte';
import { outbox } from '../store/outbox.svelte';

const LOG_MAX = 400;
const KEPT_MAX = 20;
const TOGETHER_MS = 50;

type Change = (rows: IncidentRow[]) => IncidentRow[];

interface Known {
  state: IncidentState;
  log: LogEvent[];
  /** How far the log is known. */
  upTo: number;
  /** When it was last fetched, epoch milliseconds. */
  at: number;
}

class Incidents {
  mine: MyIncidents | null = $state.raw(null);
  known: Record<string, Known> = $state.raw({});
  receipts: Record<string, Receipt[]> = $state.raw({});
  /** Why an incident could not be opened. */
  problems: Record<string, string> = $state.raw({});
  readonly #busy = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  #refreshing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  /** What the live line told of the list while it was being asked for. */
  #meanwhile: Change[] | null = null;
  #asking: ReturnType<typeof setTimeout> | undefined;
  /** Pages that show an incident want to know when something of it has come. */
  readonly #shown = new Map<string, () => void>();

  /** What the device kept. */
  async load(): Promise<void> {
    this.mine = (await device.vault?.get<MyIncidents>('kept', 'mine')) ?? null;
    const ids = (await device.vault?.get<string[]>('kept', 'known')) ?? [];
    for (const id of ids) {
      const one = await device.vault?.get<Known>('kept', `incident-${id}`);
      if (one) this.known = { ...this.known, [id]: one };
    }
  }

  clear(): void {
    clearTimeout(this.#asking);
    this.#asking = undefined;
    this.mine = null;
    this.known = {};
    this.receipts = {};
    this.problems = {};
  }

  /**
   * What I crew and see. Where an incident that is kept here has moved on, it is fetched too. One at a time: of two answers on their way
   * the older might come last. A call meanwhile leads to one more.
   */
  refresh(): Promise<void> {
    const running = this.#refreshing;
    if (running) {
      this.#next ??= running.catch(() => undefined).then(() => {
        this.#next = null;
        return this.refresh();
      });
      return this.#next;
    }
    const fresh = this.#refresh().finally(() => (this.#refreshing = null));
    this.#refreshing = fresh;
    return fresh;
  }

  async #refresh(): Promise<void> {
    const vault = device.vault;
    const changes: Change[] = (this.#meanwhile = []);
    const mine = await api.mine().finally(() => (this.#meanwhile = null));
    if (device.vault !== vault) return; // asked for by whoever was signed in before
    // The answer may have set out before what the live line told meanwhile, and must not undo it.
    await this.#list({ ...mine, incidents: changes.reduce((rows, change) => change(rows), mine.incidents) });
    const assigned = mine.resource?.incident;
    if (assigned && !this.known[assigned]) await this.look(assigned);
    for (const row of mine.incidents) {
      const one = this.known[row.id];
      if (one && row.sequence > one.upTo && one.state.status === 'open') await this.look(row.id);
    }
  }

  /** Looks at the list soon: of several bells at once, one look. */
  ask(): void {
    this.#asking ??= setTimeout(() => {
      this.#asking = undefined;
      void this.refresh().catch(() => undefined);
    }, TOGETHER_MS);
  }

  async #list(mine: MyIncidents): Promise<void> {
    this.mine = mine;
    await device.vault?.put('kept', 'mine', mine);
  }

  /** An incident that came over the live line: new on the list, or it stands differently there. */
  listed(row: IncidentRow): Promise<void> {
    return this.#relist((rows) => [row, ...rows.filter((other) => other.id !== row.id)]);
  }

  unlisted(id: string): Promise<void> {
    return this.#relist((rows) => rows.filter((other) => other.id !== id));
  }

  async #relist(change: Change): Promise<void> {
    this.#meanwhile?.push(change);
    if (this.mine) await this.#list({ ...this.mine, incidents: change(this.mine.incidents) });
  }

  /** The incident and its log as of now. Calls during a fetch lead to one more fetch, not to many. */
  look(id: string): Promise<void> {
    const running = this.#busy.get(id);
    if (running) {
      this.#again.add(id);
      return running;
    }
    const work = this.#look(id).finally(() => {
      this.#busy.delete(id);
      if (this.#again.delete(id)) void this.look(id).catch(() => undefined);
    });
    this.#busy.set(id, work);
    return work;
  }

  async #look(id: string): Promise<void> {
    const vault = device.vault;
    try {
      const before = this.known[id];
      const fresh = before ? (await api.log.after(id, before.upTo)).items : (await api.log.newest(id, LOG_MAX / 2)).items.reverse();
      if (device.vault !== vault) return; // asked for by whoever was signed in before
      // Nothing new: the state is the same, and no look needs to be recorded.
      if (before && !fresh.length) return void (this.known = { ...this.known, [id]: { ...before, at: Date.now() } });
      const state = (await api.state(id)) as IncidentState;
      if (device.vault !== vault) return;
      const log = [...(before?.log ?? []), ...fresh].slice(-LOG_MAX);
      await this.#keep(id, { state, log, upTo: log.at(-1)?.sequence ?? before?.upTo ?? 0, at: Date.now() });
      this.problems = { ...this.problems, [id]: '' };
    } catch (error) {
      if (device.vault === vault && error instanceof ApiError && (error.status === 404 || error.status === 403)) await this.#lose(id, error.message);
      throw error;
    }
  }

  /** It is not ours to see any more: nothing of it stays here. */
  async #lose(id: string, why: string): Promise<void> {
    const { [id]: gone, ...others } = this.known;
    void gone;
    this.known = others;
    this.problems = { ...this.problems, [id]: why };
    await device.vault?.remove('kept', `incident-${id}`);
    await device.vault?.put('kept', 'known', Object.keys(others));
  }

  async #keep(id: string, one: Known): Promise<void> {
    const all = { ...this.known, [id]: one };
    const oldest = Object.keys(all).sort((a, b) => all[b]!.at - all[a]!.at);
    for (const surplus of oldest.slice(KEPT_MAX)) {
      delete all[surplus];
      await device.vault?.remove('kept', `incident-${surplus}`);
    }
    this.known = all;
    await device.vault?.put('kept', `incident-${id}`, one);
    await device.vault?.put('kept', 'known', Object.keys(all));
  }

  onNews(id: string, told: () => void): () => void {
    this.#shown.set(id, told);
    return () => void (this.#shown.get(id) === told && this.#shown.delete(id));
  }

  /** An event that came over the live line. */
  heard(incident: string, sequence: number): void {
    const one = this.known[incident];
    if (!one || sequence <= one.upTo) return;
    void this.look(incident).then(() => this.#shown.get(incident)?.(), () => undefined);
  }

  heardReceipt(fresh: Receipt & { incident: string }): void {
    const others = (this.receipts[fresh.incident] ?? []).filter((one) => one.person !== fresh.person);
    this.receipts = { ...this.receipts, [fresh.incident]: [...others, fresh] };
  }

  async acknowledge(id: string, read: boolean): Promise<void> {
    const upTo = this.known[id]?.upTo ?? 0;
    if (upTo) await api.receipts.acknowledge(id, upTo, read ? upTo : 0);
  }

  async fetchReceipts(id: string): Promise<void> {
    this.receipts = { ...this.receipts, [id]: (await api.receipts.list(id)).items };
  }

  row(id: string): IncidentRow | undefined {
    return this.mine?.incidents.find((row) => row.id === id);
  }
}

export const incidents = new Incidents();
outbox.onSent = (incident) => (incident ? incidents.look(incident) : incidents.refresh());
