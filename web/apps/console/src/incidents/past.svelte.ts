// Where resources were, for a replay: all tracks are fetched once, and any moment is looked up here, so that the slider moves freely.
import { control, inWords } from '@bluelamp/client';
import type { LonLat, Shape } from '@bluelamp/map';
import { span } from '@bluelamp/ui';

export const TRAIL_MS = 5 * 60_000;
/** From this age on a label says how old a position was then. */
const OLD_MS = 30_000;

/** Index of the last point at or before a moment; -1: there is none. */
export function lastBefore(points: control.Track['points'], at: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]![0] <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** One resource as it was at a moment: its place, and where it came from in the last minutes. Nothing is guessed between two positions. */
export function shapesOfTrack(track: control.Track, at: number, agency: string): Shape[] {
  const stay = track.stays.find((one) => one.start_ms <= at && at <= one.end_ms);
  if (!stay) return [];
  const last = lastBefore(track.points, at);
  const here = track.points[last];
  if (!here || here[0] < stay.start_ms || track.gone.some((gone) => gone >= here[0] && gone <= at)) return [];
  const old = at - here[0];
  const stale = old > track.stale_ms;
  const shapes: Shape[] = [
    {
      id: `resource:${track.resource}`, geometry: { type: 'Point', coordinates: [here[1], here[2]] }, tone: stale ? 'stale' : track.agency === agency ? 'own' : 'partner',
      label: `${track.call_sign}${old > OLD_MS ? ` (${span(old / 1000)} before)` : ''}`, mark: stale ? '?' : '',
    },
  ];
  const from = Math.max(stay.start_ms, at - TRAIL_MS);
  const trail: LonLat[] = [];
  for (let i = last; i >= 0 && track.points[i]![0] >= from; i -= 1) trail.push([track.points[i]![1], track.points[i]![2]]);
  if (trail.length > 1) shapes.unshift({ id: `trail:${track.resource}`, geometry: { type: 'LineString', coordinates: trail.reverse() }, tone: 'trail', label: '' });
  return shapes;
}

export class Past {
  found: control.Tracks | null = $state.raw(null);
  problem = $state('');
  #since = 0;

  async load(incident: string): Promise<void> {
    try {
      const found = await control.tracks(incident);
      this.#since = Date.parse(found.since);
      this.found = found;
    } catch (error) {
      this.problem = `Where resources were cannot be shown: ${inWords(error)}`;
    }
  }

  shapes(at: number, agency: string): Shape[] {
    return this.found?.tracks.flatMap((track) => shapesOfTrack(track, at - this.#since, agency)) ?? [];
  }

  /** What there is to see at all, in words. */
  get words(): string {
    if (this.problem) return this.problem;
    if (!this.found) return 'Fetching where resources were…';
    const told = this.found.tracks.filter((track) => track.points.length).length;
    const all = this.found.tracks.length;
    if (!all) return 'No resource was on it.';
    const thinned = this.found.every_seconds > 1 ? ` One position in ${this.found.every_seconds} s.` : '';
    return `Positions of ${told} of ${all} that were on it, trails of ${TRAIL_MS / 60_000} min.${thinned}${this.found.complete ? '' : ' Some are missing: there were too many.'}`;
  }
}
