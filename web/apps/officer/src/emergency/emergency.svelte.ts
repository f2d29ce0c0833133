// A call for help. It goes before everything else, past the outbox; it is kept on the device and repeated under one id until somebody in
// the control room has it, through lost signal, a reload and a locked screen.
import { ApiError, incidentApi as api, inWords, type EmergencyCall, type Place } from '@bluelamp/client';
import { here } from '../line/here.svelte';
import { line } from '../line/line.svelte';
import { ulid } from '../line/ulid';
import { device } from '../store/device.svelte';
import { incidents } from '../incidents/incidents.svelte';

const REPEAT_MS = 3_000;
/** After an acknowledgement only the end is still of interest. */
const WATCH_MS = 15_000;

export interface Call {
  id: string;
  made: number;
  offset: number | null;
  place: Place | null;
  incident: string;
  /** What the platform said last; null: it has not been reached yet. */
  told: EmergencyCall | null;
  /** Why the last try failed. */
  why: string;
  tries: number;
}

class Emergency {
  now: Call | null = $state.raw(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopHere: (() => void) | null = null;
  #sending = false;

  constructor() {
    line.onBack(() => this.#send());
  }

  async load(): Promise<void> {
    this.now ??= (await device.vault?.get<Call>('kept', 'emergency')) ?? null;
    if (this.now) this.#begin();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopHere?.();
    this.#stopHere = null;
    this.now = null;
  }

  async raise(): Promise<void> {
    navigator.vibrate?.([200, 100, 200]);
    if (this.now && this.now.told?.state !== 'closed') return this.#send();
    this.now = {
      id: ulid(line.now()), made: Date.now(), offset: line.offset, place: here.place(), incident: incidents.mine?.resource?.incident ?? '',
      told: null, why: '', tries: 0,
    };
    this.#begin();
    await this.#keep();
  }

  #begin(): void {
    // From now on we know where, as well as the device does, whatever else it may say.
    this.#stopHere ??= here.follow(() => {
      if (this.now && !this.now.place) this.now = { ...this.now, place: here.place() };
    });
    void this.#send();
  }

  async #send(): Promise<void> {
    const call = this.now;
    if (!call || this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    let change: Partial<Call>;
    try {
      const pressed = new Date(call.made + (call.offset ?? line.offset ?? 0)).toISOString();
      const told = await api.emergencies.raise({ id: call.id, pressed_at: pressed, place: call.place, incident: call.incident || null, device: 'officer' });
      if (told.state === 'acknowledged' && call.told?.state !== 'acknowledged') navigator.vibrate?.([80, 60, 80, 60, 80]);
      change = { told, why: '' };
    } catch (error) {
      change = { why: error instanceof ApiError && error.status === 0 ? 'No connection' : inWords(error) };
    }
    this.#sending = false;
    if (this.now?.id !== call.id) return;
    this.now = { ...this.now, ...change, tries: call.tries + 1 };
    await this.#keep();
    const state = this.now?.told?.state;
    if (state !== 'closed') this.#timer = setTimeout(() => void this.#send(), state === 'acknowledged' ? WATCH_MS : REPEAT_MS);
  }

  async #keep(): Promise<void> {
    if (this.now) await device.vault?.put('kept', 'emergency', this.now);
  }

  /** Something about it came over the live line: asks at once. */
  heard(): void {
    void this.#send();
  }

  /** After the control room has closed it. */
  async putAway(): Promise<void> {
    await device.vault?.remove('kept', 'emergency');
    this.stop();
  }
}

export const emergency = new Emergency();
