// Where resources are, for the map of one room: those in its window, the newest of each, with its age; what is stale is shown as stale.
import { control, type LivePosition } from '@bluelamp/client';
import type { Shape } from '@bluelamp/map';
import { age } from '@bluelamp/ui';
import { feed } from './feed.svelte';

const EVERY_MS = 5_000;
/** From this age on a label says how old it is. */
const OLD_MS = 30_000;

type Where = Pick<control.Position, 'resource' | 'call_sign' | 'agency' | 'latitude' | 'longitude' | 'at' | 'stale'>;
type Box = [number, number, number, number];

function bbox(box: Box): string {
  return box.map((edge, i) => Math.max(i % 2 ? -90 : -180, Math.min(i % 2 ? 90 : 180, edge)).toFixed(5)).join(',');
}

export class Positions {
  all: Where[] = $state.raw([]);

  /** Asks for what `window` says is shown, and takes what the line tells in between; returns what stops it. */
  follow(window: () => Box | undefined): () => void {
    const stops = [feed.watch('', EVERY_MS, () => this.#look(window()), { kinds: 'position.' }), feed.onMoved((items) => this.#move(items))];
    return () => stops.forEach((stop) => stop());
  }

  async #look(box: Box | undefined): Promise<boolean> {
    if (!box) return false;
    try {
      this.all = (await control.positions(bbox(box))).items;
      return true;
    } catch {
      // The ages go on growing: nobody takes an old position for a new one.
      return false;
    }
  }

  #move(items: readonly LivePosition[]): void {
    const known = new Map(this.all.map((one) => [one.resource, one]));
    for (const one of items) {
      if (one.gone) known.delete(one.resource);
      else if (one.latitude !== undefined && one.longitude !== undefined && one.at && (known.get(one.resource)?.at ?? '') < one.at) {
        known.set(one.resource, { resource: one.resource, call_sign: one.call_sign ?? '', agency: one.agency ?? '', latitude: one.latitude, longitude: one.longitude, at: one.at, stale: false });
      }
    }
    this.all = [...known.values()];
  }

  shapes(agency: string, now: number): Shape[] {
    return this.all.map((one) => ({
      id: `resource:${one.resource}`,
      geometry: { type: 'Point', coordinates: [one.longitude, one.latitude] },
      tone: one.stale ? 'stale' : one.agency === agency ? 'own' : 'partner',
      label: `${one.call_sign}${one.stale || now - Date.parse(one.at) > OLD_MS ? ` (${age(one.at, now)})` : ''}`,
      mark: one.stale ? '?' : '',
    }));
  }
}
