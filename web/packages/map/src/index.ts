// The map: cameras, journeys and areas over a coastline that needs no tile server. MapLibre itself loads with the first map.
export { default as MapView } from './MapView.svelte';
export type { CameraRow, DrawnAs, LonLat, MapEngine, Stop } from './engine';
export type { Shape, Tone } from './shapes';
export { asShape, FEATURES, featureWords, geometryOf, LEAST, pointsOf, type FeatureType } from './features';
