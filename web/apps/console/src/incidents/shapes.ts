// An incident's things as the map draws them. A position without a time is no position: each says how old it is.
import type { control } from '@bluelamp/client';
import { asShape, type LonLat, type Shape, type Tone } from '@bluelamp/map';
import { CATEGORY_WORDS } from './words';

const CASUALTY_MARKS: Record<string, string> = { P1: '1', P2: '2', P3: '3', dead: 'D', not_injured: '–', '': '?' };

export function pointOf(place: { latitude?: number | null; longitude?: number | null } | null | undefined): LonLat | null {
  return place?.latitude == null || place.longitude == null ? null : [place.longitude, place.latitude];
}

const point = (lonLat: LonLat) => ({ type: 'Point', coordinates: lonLat });

export function shapesOf(state: control.State): Shape[] {
  const shapes = Object.values(state.features).map(asShape);
  const here = pointOf(state.place);
  if (here) shapes.push({ id: 'place', geometry: point(here), tone: 'place', label: state.place.said || 'The incident', mark: '' });
  for (const casualty of Object.values(state.casualties)) {
    const at = casualty.struck ? null : pointOf(casualty.place);
    if (at) {
      const tone = (['P1', 'P2', 'P3', 'dead'].includes(casualty.category) ? casualty.category : 'unknown') as Tone;
      shapes.push({ id: `casualty:${casualty.id}`, geometry: point(at), tone, label: `${casualty.label} ${CATEGORY_WORDS[casualty.category] ?? ''}`, mark: CASUALTY_MARKS[casualty.category] ?? '?' });
    }
  }
  for (const emergency of Object.values(state.emergencies)) {
    const at = emergency.state === 'closed' ? null : pointOf(emergency.place);
    if (at) shapes.push({ id: `emergency:${emergency.id}`, geometry: point(at), tone: 'emergency', label: `EMERGENCY ${emergency.call_sign || emergency.person_name}`, mark: '!!' });
  }
  return shapes;
}
