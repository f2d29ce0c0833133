// Cuts Great Britain, Ireland and the islands out of world-atlas (Natural Earth, public domain) and simplifies them,
// so that the console has a coast to draw cameras on without any tile server. Writes src/outline.gen.json (GeoJSON).
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { feature, mesh } from 'topojson-client';
import { topology } from 'topojson-server';
import { presimplify, quantile, simplify } from 'topojson-simplify';

const KEPT = new Map([
  ['826', 'gb'],
  ['372', 'ie'],
  ['833', 'im'],
  ['831', 'gg'],
  ['832', 'je'],
]);
// Share of the points that are dropped. At 0.35 the coast still reads as the coast at zoom 9, beyond which roads matter more.
const DROPPED = 0.35;

const require = createRequire(import.meta.url);
const world = JSON.parse(readFileSync(require.resolve('world-atlas/countries-10m.json'), 'utf8'));
const countries = {
  type: 'GeometryCollection',
  geometries: world.objects.countries.geometries.filter((g) => KEPT.has(g.id)),
};
const cut = feature(world, countries);
for (const f of cut.features) f.properties = { code: KEPT.get(f.id) };
const weighted = presimplify(topology({ land: cut }));
const light = simplify(weighted, quantile(weighted, DROPPED));

const round = (value) => (Array.isArray(value) ? value.map(round) : Math.round(value * 1e4) / 1e4);
const land = feature(light, light.objects.land);
for (const f of land.features) f.geometry.coordinates = round(f.geometry.coordinates);
const border = mesh(light, light.objects.land, (a, b) => a !== b);
const out = {
  type: 'FeatureCollection',
  features: [
    ...land.features.map((f) => ({ type: 'Feature', properties: f.properties, geometry: f.geometry })),
    { type: 'Feature', properties: { code: 'border' }, geometry: { type: border.type, coordinates: round(border.coordinates) } },
  ],
};
writeFileSync(fileURLToPath(new URL('./src/outline.gen.json', import.meta.url)), JSON.stringify(out));
