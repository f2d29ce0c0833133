// The base map: coast and towns from what the console ships, or a deployer's own vector style by URL.
import type { StyleSpecification } from 'maplibre-gl';
import outline from './outline.gen.json';
import { PLACES } from './places';

export type Theme = 'light' | 'dark';

const COLOURS = {
  light: { sea: '#dbe7ef', land: '#f6f5f0', coast: '#8e9ba6', text: '#41505c', halo: '#ffffff' },
  dark: { sea: '#12202c', land: '#232b31', coast: '#4d5a66', text: '#b9c4cd', halo: '#161c21' },
};

/** A self-contained style: no tile, glyph or sprite is fetched from anywhere. */
export function baseStyle(theme: Theme): StyleSpecification {
  const c = COLOURS[theme];
  return {
    version: 8,
    sources: {
      outline: { type: 'geojson', data: outline as GeoJSON.FeatureCollection, tolerance: 0.2, maxzoom: 12 },
      places: {
        type: 'geojson',
        data: {
          type: 'FeatureCollection',
          features: PLACES.map(([name, lon, lat, from]) => ({
            type: 'Feature', properties: { name, from }, geometry: { type: 'Point', coordinates: [lon, lat] },
          })),
        },
      },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': c.sea } },
      { id: 'land', type: 'fill', source: 'outline', filter: ['!=', ['get', 'code'], 'border'], paint: { 'fill-color': c.land } },
      { id: 'coast', type: 'line', source: 'outline', paint: { 'line-color': c.coast, 'line-width': 0.8 } },
    ],
  };
}

/** Town names go above every layer of cameras, so they are added last. */
export function placeLayer(theme: Theme) {
  const c = COLOURS[theme];
  return {
    id: 'places',
    type: 'symbol' as const,
    source: 'places',
    filter: ['<=', ['get', 'from'], ['zoom']] as ['<=', unknown, unknown],
    layout: {
      'text-field': ['get', 'name'] as ['get', string],
      'text-size': 12,
      'text-font': ['sans-serif'],
      'text-padding': 6,
      'text-anchor': 'bottom' as const,
      'text-offset': [0, -0.3] as [number, number],
    },
    paint: { 'text-color': c.text, 'text-halo-color': c.halo, 'text-halo-width': 1.5 },
  };
}
