// What can be drawn on the map of an incident: its words, whether it is a point, a line or an area, and its look, the same on every device.
import type { Shape, Tone } from './shapes';

export const FEATURES = {
  hazard: ['Hazard', 'Point'], inner_cordon: ['Inner cordon', 'Polygon'], outer_cordon: ['Outer cordon', 'Polygon'], rendezvous: ['Rendezvous point', 'Point'],
  access: ['Way in', 'LineString'], egress: ['Way out', 'LineString'], forward_command: ['Forward command point', 'Point'],
  casualty_clearing: ['Casualty clearing', 'Point'], holding_area: ['Holding area', 'Polygon'], landing_site: ['Landing site', 'Point'],
  search_sector: ['Search sector', 'Polygon'], marker: ['Marker', 'Point'], line: ['Line', 'LineString'], area: ['Area', 'Polygon'],
} as const;
export type FeatureType = keyof typeof FEATURES;
export const featureWords = (type: string): string => FEATURES[type as FeatureType]?.[0] ?? type;

const TONES: Partial<Record<string, Tone>> = {
  hazard: 'hazard', inner_cordon: 'cordon', outer_cordon: 'cordon', access: 'way', egress: 'way', rendezvous: 'post', forward_command: 'post',
  casualty_clearing: 'post', holding_area: 'post', landing_site: 'post', search_sector: 'sector',
};
const MARKS: Partial<Record<string, string>> = { hazard: '!', rendezvous: 'RV', forward_command: 'FC', casualty_clearing: 'CC', landing_site: 'H' };
/** Corners that it needs at least. */
export const LEAST = { Point: 1, LineString: 2, Polygon: 3 } as const;

export function asShape(feature: { id: string; type: string; geometry: Shape['geometry']; label?: string }): Shape {
  return {
    id: `feature:${feature.id}`, geometry: feature.geometry, tone: TONES[feature.type] ?? 'unknown', label: feature.label || featureWords(feature.type),
    mark: feature.geometry.type === 'Point' ? (MARKS[feature.type] ?? '•') : '',
  };
}

/** GeoJSON of the corners that were set, an area closed. */
export function geometryOf(type: FeatureType, corners: readonly [number, number][]): { type: string; coordinates: unknown } {
  const as = FEATURES[type][1];
  return { type: as, coordinates: as === 'Point' ? corners[0] : as === 'LineString' ? corners : [[...corners, corners[0]]] };
}

/** Every point of a geometry, for the map to fit. */
export function pointsOf(geometry: { coordinates: unknown }): [number, number][] {
  const found: [number, number][] = [];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] === 'number' && typeof part[1] === 'number') found.push([part[0], part[1]]);
    else part.forEach(walk);
  };
  walk(geometry.coordinates);
  return found;
}
