// The state of Live: hits as the stream tells them, newest and most urgent first, held still while somebody is reaching for one.
import { api, inWords, openStream, type CameraStatus, type Hit, type Priority, type StreamEvent, type StreamHealth } from '@bluelamp/client';
import { authority } from '../authority/authority.svelte';
import { session } from '../shell/session.svelte';
import { flow, type Pulse } from './flow.svelte';
import { sound } from './sound.svelte';
import { headline } from './sure';

const KEPT = 400;
const RANK: Record<Priority, number> = { high: 0, medium: 1, low: 2 };
const TYPES = [
  'ready', 'hit', 'hit_amended', 'hit_action', 'camera_status', 'search_found', 'reads', 'heartbeat',
  'authority_asked', 'authority_waiting', 'authority_decided', 'authority_override', 'authority_ending',
] as const;

export type Filter = 'open' | 'mine' | 'done' | 'all';
export type ArrivalListener = (hit: Hit) => void;
export type StatusListener = (camera: string, status: CameraStatus) => void;

export const isOpen = (hit: Hit): boolean => !hit.disposition;

export function inOrder(a: Hit, b: Hit): number {
  // What came too late to be an alert stands below everything that somebody can still act on.
  return Number(b.alert) - Number(a.alert) || RANK[a.entry.priority] - RANK[b.entry.priority] || b.read.captured_at.localeCompare(a.read.captured_at);
}

class Live {
  hits: Hit[] = $state.raw([]);
  health: StreamHealth = $state.raw({ state: 'connecting', heard: 0 });
  problem = $state('');
  loaded = $state(false);
  /** What a screen reader is told when an alert arrives. */
  announcement = $state('');
  urgentCount = $derived(this.hits.filter((h) => isOpen(h) && h.alert && h.entry.priority === 'high').length);
  /** How often a standing search of this person's found something since they last looked. */
  found = $state(0);
  #arrivals = new Set<ArrivalListener>();
  #statuses = new Set<StatusListener>();
  #close: (() => void) | null = null;

  /** Opens the stream; returns what closes it. */
  start(): () => void {
    this.#begin();
    return () => {
      this.#close?.();
      this.#close = null;
      this.hits = [];
      this.loaded = false;
    };
  }

  #begin(): void {
    this.#close?.();
    const close = openStream({
      types: TYPES,
      onEvent: (event) => this.#receive(event),
      onHealth: (health) => (this.health = health),
    });
    // The list is fetched once the stream has said where it begins: what happens in between is told by it, never missed.
    const late = setTimeout(() => void this.#load(), 3_000);
    this.#close = () => {
      clearTimeout(late);
      close();
    };
  }

  #loading = false;
  async #load(): Promise<void> {
    if (this.#loading || this.loaded) return;
    this.#loading = true;
    try {
      const page = await api.hits.list({ limit: 200 });
      const told = new Set(this.hits.map((h) => h.id));
      this.#merge(page.items.filter((h) => !told.has(h.id)));
      for (const action of this.#early.splice(0)) this.#act(action);
      this.problem = '';
    } catch (error) {
      this.problem = inWords(error);
    }
    this.#loading = false;
    this.loaded = true;
  }

  onArrival(listener: ArrivalListener): () => void {
    this.#arrivals.add(listener);
    return () => this.#arrivals.delete(listener);
  }

  onStatus(listener: StatusListener): () => void {
    this.#statuses.add(listener);
    return () => this.#statuses.delete(listener);
  }

  #merge(fresh: readonly Hit[]): void {
    const byId = new Map(this.hits.map((h) => [h.id, h]));
    for (const hit of fresh) byId.set(hit.id, hit);
    const all = [...byId.values()].sort(inOrder);
    if (all.length > KEPT) {
      // The oldest that are done go first, then the oldest of all; urgent open ones stay.
      const spare = [...all].sort((a, b) => Number(isOpen(a)) - Number(isOpen(b)) || inOrder(b, a));
      const gone = new Set(spare.slice(0, all.length - KEPT).map((h) => h.id));
      this.hits = all.filter((h) => !gone.has(h.id));
    } else this.hits = all;
  }

  put(hit: Hit): void {
    this.#merge([hit]);
  }

  #receive(event: StreamEvent): void {
    const data = event.data as Record<string, unknown> | null;
    if (event.type === 'ready') void this.#load();
    if (!data || event.type === 'heartbeat' || event.type === 'ready') return;
    if (event.type === 'camera_status') {
      const camera = String(data.id ?? data.camera ?? '');
      for (const tell of this.#statuses) tell(camera, String(data.status ?? '') as CameraStatus);
      return;
    }
    if (event.type === 'reads') {
      flow.receive(data as unknown as Pulse);
      return;
    }
    if (event.type.startsWith('authority_')) {
      authority.told(event.type, data);
      return;
    }
    if (event.type === 'search_found') {
      if (data.person === session.me?.id) this.found += 1;
      return;
    }
    if (event.type === 'hit_action') {
      this.#act(data);
      return;
    }
    const hit = data as unknown as Hit;
    if (!hit.id || !hit.read || !hit.entry) return;
    const known = this.hits.find((h) => h.id === hit.id);
    // The stream tells the hit itself; what people did about it comes as actions of its own.
    this.#merge([known ? { ...hit, taken_by: known.taken_by, disposition: known.disposition } : hit]);
    if (event.type === 'hit' && !known) this.#arrived(hit);
  }

  /** What was done to hits that the list has yet to bring. */
  #early: Record<string, unknown>[] = [];

  #act(data: Record<string, unknown>): void {
    if (!this.loaded && !this.hits.some((h) => h.id === data.hit)) this.#early.push(data);
    const hit = this.hits.find((h) => h.id === data.hit);
    if (hit) this.#merge([{ ...hit, taken_by: data.taken_by as Hit['taken_by'], disposition: data.disposition as Hit['disposition'] }]);
  }

  #arrived(hit: Hit): void {
    for (const tell of this.#arrivals) tell(hit);
    if (!hit.alert) return;
    sound.alert(hit.entry.priority);
    this.announcement = `${hit.entry.priority} alert. ${headline(hit)}. ${hit.vrm.split('').join(' ')}, ${hit.read.camera.name}.`;
  }
}

export const live = new Live();
