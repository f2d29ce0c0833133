// The map: cameras, journeys and areas over a coastline that needs no tile server. MapLibre itself loads with the first map.
export { default as MapView } from './MapView.svelte';
export type { CameraRow, LonLat, MapEngine, Stop } from './engine';
