// Where others are, as the live line tells it for the incidents that are followed; asked for where there is no line. In memory only.
import { incidentApi as api, type LivePosition } from '@bluelamp/client';
import type { LonLat, Shape } from '@bluelamp/map';
import { age } from '@bluelamp/ui';
import { device } from '../store/device.svelte';

interface Where {
  resource: string;
  call_sign: string;
  agency: string;
  lonLat: LonLat;
  at: number;
}
/** From this age on a label says how old it is; from that one on it is shown as stale: three times as long as a phone that stands still waits. */
const OLD_MS = 30_000;
const STALE_MS = 60_000;
const FORGOTTEN_MS = 3_600_000;

class Whereabouts {
  all: Record<string, Where> = $state.raw({});

  heard(items: readonly LivePosition[]): void {
    const all = { ...this.all };
    for (const one of items) {
      if (one.gone) delete all[one.resource];
      else this.#take(all, one);
    }
    this.all = all;
  }

  #take(all: Record<string, Where>, one: Omit<LivePosition, 'accuracy_m' | 'speed_mps' | 'course_deg' | 'altitude_m'>): void {
    const at = Date.parse(one.at ?? '');
    if (one.latitude === undefined || one.longitude === undefined || !(at > (all[one.resource]?.at ?? 0))) return;
    all[one.resource] = { resource: one.resource, call_sign: one.call_sign ?? '', agency: one.agency ?? '', lonLat: [one.longitude, one.latitude], at };
  }

  /** Asks for those in a box; what is older than an hour and was not named again is forgotten. */
  async look(bbox: readonly [number, number, number, number], now: number): Promise<void> {
    const vault = device.vault;
    const found = await api.positions.around(bbox.map((edge) => edge.toFixed(5)).join(','));
    if (device.vault !== vault) return; // asked for by whoever was signed in before
    const all = Object.fromEntries(Object.entries(this.all).filter(([, one]) => now - one.at < FORGOTTEN_MS));
    for (const one of found.items) this.#take(all, one);
    this.all = all;
  }

  clear(): void {
    this.all = {};
  }

  /** Those of these resources, less one's own unit, which this device shows better. `now` is the platform's time. */
  shapes(resources: readonly string[], own: { agency: string; unit: string }, now: number): Shape[] {
    return resources.filter((id) => id !== own.unit).flatMap((id) => {
      const one = this.all[id];
      if (!one) return [];
      const stale = now - one.at > STALE_MS;
      const old = now - one.at > OLD_MS ? ` (${age(new Date(one.at).toISOString(), now)})` : '';
      return [{
        id: `resource:${id}`, geometry: { type: 'Point', coordinates: one.lonLat }, tone: stale ? 'stale' as const : one.agency === own.agency ? 'own' as const : 'partner' as const,
        label: `${one.call_sign}${old}`, mark: stale ? '?' : '',
      }];
    });
  }

  /** How old what is known of a resource is, in words; empty: nothing is known. */
  ageOf(resource: string, now: number): string {
    const one = this.all[resource];
    return one ? age(new Date(one.at).toISOString(), now) : '';
  }
}

export const whereabouts = new Whereabouts();
