// An incident as its map draws it: the place, what was drawn, the hurt, who calls for help, and what this device has drawn and not sent yet.
import type { IncidentState } from '@bluelamp/client';
import { asShape, featureWords, type LonLat, type Shape, type Tone } from '@bluelamp/map';
import { categoryWords } from '../incidents/said';
import type { Item } from '../store/outbox.svelte';
import { waitingOf } from './drawn';

const MARKS: Record<string, string> = { P1: '1', P2: '2', P3: '3', dead: '×' };

interface Placed {
  latitude?: number | null;
  longitude?: number | null;
}
function point(at: Placed | null | undefined, one: Omit<Shape, 'geometry'>): Shape[] {
  return at?.latitude != null && at.longitude != null ? [{ ...one, geometry: { type: 'Point', coordinates: [at.longitude, at.latitude] } }] : [];
}

export function shapesOf(state: IncidentState | undefined, waiting: Item[]): Shape[] {
  return [
    ...Object.values(state?.features ?? {}).map(asShape),
    ...waitingOf(waiting).map((one) => asShape({ ...one, label: `${one.label || featureWords(one.type)} (not sent yet)` })),
    ...point(state?.place, { id: 'place', tone: 'place', label: state?.place?.said || 'The incident', mark: '' }),
    ...Object.values(state?.casualties ?? {}).filter((one) => !one.struck).flatMap((one) =>
      point(one.place, { id: `casualty:${one.id}`, tone: (one.category && MARKS[one.category] ? one.category : 'unknown') as Tone, label: `${one.label} ${categoryWords(one.category ?? '')}`, mark: MARKS[one.category ?? ''] ?? '?' })),
    ...Object.values(state?.emergencies ?? {}).filter((one) => one.state !== 'closed').flatMap((one) =>
      point(one.place, { id: `emergency:${one.id}`, tone: 'emergency', label: `EMERGENCY ${one.call_sign || one.person_name}`, mark: '!!' })),
  ];
}

/** The box around a place, some miles wide: west, south, east, north. */
export function boxAround([lon, lat]: LonLat): [number, number, number, number] {
  return [lon - 0.05, lat - 0.03, lon + 0.05, lat + 0.03];
}
