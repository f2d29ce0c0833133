// Things of an incident on the map: points, lines and areas, each with a tone, and words that also say what the colour says.
import type { Map as MapLibre } from 'maplibre-gl';
import type { Theme } from './style';

export type Tone = 'place' | 'own' | 'partner' | 'stale' | 'hazard' | 'cordon' | 'way' | 'post' | 'sector' | 'P1' | 'P2' | 'P3' | 'dead' | 'unknown' | 'emergency' | 'soon' | 'later' | 'gap' | 'trail';

export interface Shape {
  id: string;
  /** GeoJSON, WGS 84. */
  geometry: { type: string; coordinates: unknown };
  tone: Tone;
  /** Beside the point, or along the line. */
  label: string;
  /** One or two characters inside the point. */
  mark?: string;
}

const COLOURS: Record<Tone, string> = {
  place: '#d4352b', own: '#1d5fa8', partner: '#0f7a52', stale: '#7b858e', hazard: '#c25700', cordon: '#b3261e', way: '#0f7a52', post: '#5a3d9a',
  sector: '#1d5fa8', P1: '#c0271d', P2: '#b86e00', P3: '#0f7a52', dead: '#1b1b1b', unknown: '#55606a', emergency: '#e0001b',
  // How soon somebody is there; and where somebody came from.
  soon: '#0f7a52', later: '#d99100', gap: '#b3261e', trail: '#1d5fa8',
};
const match = (): unknown[] => ['match', ['get', 'tone'], ...Object.entries(COLOURS).flat(), '#55606a'];
const POINT = ['==', ['geometry-type'], 'Point'];
const AREA = ['==', ['geometry-type'], 'Polygon'];

/** Those that can be clicked. */
export const SHAPE_LAYERS = ['shape-points', 'shape-lines', 'shape-fills'] as const;

export function addShapeLayers(map: MapLibre, theme: Theme): void {
  const add = (layer: unknown): unknown => map.addLayer(layer as Parameters<MapLibre['addLayer']>[0]);
  const [ink, halo] = theme === 'dark' ? ['#ffffff', '#11161b'] : ['#0b0c0c', '#ffffff'];
  const order = { 'symbol-sort-key': ['match', ['get', 'tone'], 'emergency', 0, 'place', 1, 'P1', 2, 5] };
  add({ id: 'shape-fills', type: 'fill', source: 'shapes', filter: AREA, paint: { 'fill-color': match(), 'fill-antialias': false, 'fill-opacity': ['match', ['get', 'tone'], 'soon', 0.2, 'later', 0.34, 'gap', 0.4, 0.14] } });
  add({ id: 'shape-lines', type: 'line', source: 'shapes', filter: ['!', POINT], paint: { 'line-color': match(), 'line-width': ['match', ['get', 'tone'], ['soon', 'later', 'gap'], 0, 3], 'line-opacity': ['match', ['get', 'tone'], 'trail', 0.55, 1] } });
  add({
    id: 'shape-points', type: 'circle', source: 'shapes', filter: POINT,
    layout: { 'circle-sort-key': ['match', ['get', 'tone'], 'emergency', 9, 'place', 1, 5] },
    paint: {
      'circle-radius': ['match', ['get', 'tone'], 'emergency', 15, 'place', 8, 11],
      'circle-color': match(), 'circle-opacity': ['match', ['get', 'tone'], 'stale', 0.35, 1],
      'circle-stroke-width': 2, 'circle-stroke-color': ['match', ['get', 'tone'], 'emergency', '#ffdd00', '#ffffff'],
    },
  });
  add({
    id: 'shape-marks', type: 'symbol', source: 'shapes', filter: POINT,
    layout: { 'text-field': ['get', 'mark'], 'text-size': 11, 'text-font': ['sans-serif'], 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': '#ffffff' },
  });
  add({
    id: 'shape-labels', type: 'symbol', source: 'shapes', filter: ['any', POINT, AREA],
    layout: {
      ...order, 'text-field': ['get', 'label'], 'text-size': 12, 'text-font': ['sans-serif'], 'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
      'text-radial-offset': 1.3, 'text-justify': 'auto', 'text-max-width': 14,
    },
    paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.6 },
  });
  add({
    id: 'shape-line-labels', type: 'symbol', source: 'shapes', filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'symbol-placement': 'line-center', 'text-field': ['get', 'label'], 'text-size': 12, 'text-font': ['sans-serif'], 'text-offset': [0, -0.9] },
    paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.6 },
  });
}

export function asFeatures(shapes: readonly Shape[]): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: shapes.map(({ id, geometry, tone, label, mark = '' }) => ({
      type: 'Feature', properties: { id, tone, label, mark }, geometry: geometry as GeoJSON.Geometry,
    })),
  };
}
