// Everything that touches MapLibre, kept in a chunk of its own that is fetched when the first map is shown.
import { addProtocol, GeoJSONSource, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type LngLatBoundsLike, type StyleSpecification } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { Protocol } from 'pmtiles';
import { background } from './background';
import { addShapeLayers, asFeatures, SHAPE_LAYERS, type Shape } from './shapes';
import { strokes } from './stroke';
import { placeLayer, type Theme } from './style';

// A worker from our own address: the content security policy allows no blob: script.
setWorkerUrl(workerUrl);
// A whole country's map in one file, of which the browser reads parts.
addProtocol('pmtiles', new Protocol().tile);

export type LonLat = [number, number];
/** id, longitude, latitude, status, name, agency: as the API sends it, 14,000 at a time. */
export type CameraRow = readonly [string, number, number, string, string, string];
export interface Stop {
  lonLat: LonLat;
  label: string;
}
export type DrawnAs = 'Point' | 'LineString' | 'Polygon';

const BRITAIN: LngLatBoundsLike = [[-8.6, 49.8], [2.1, 59.4]];
const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
const STATUS = {
  light: { ok: '#1d6fa5', late: '#b86e00', down: '#c0271d', off: '#7b858e', flow: '#00a5e0' },
  dark: { ok: '#5fb0ea', late: '#f0b040', down: '#ff7b6b', off: '#8d98a2', flow: '#9ad4ff' },
};
const PULSE_MS = 1_600;
/** The platform takes 1,000 in all. */
const CORNERS_MAX = 900;
/** Cameras that just saw a vehicle light up in turns, so that the map shimmers rather than blinks; at most FLOW_MAX a second. */
const FLOW_TURNS = 4;
const FLOW_MAX = 240;
const FLOW_FADE_MS = 1_500;

function point(lonLat: LonLat, properties: Record<string, unknown>): GeoJSON.Feature {
  return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: lonLat } };
}

/** Health as the map paints it, whatever finer words the platform uses. */
export function statusGroup(status: string): 'ok' | 'late' | 'down' | 'off' {
  if (status === 'ok' || status === 'down') return status;
  return status === 'never' || status === 'inactive' ? 'off' : 'late';
}

export class MapEngine {
  readonly #map: MapLibre;
  readonly #reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
  #theme: Theme;
  #cameras: GeoJSON.FeatureCollection = EMPTY;
  #stops: Stop[] = [];
  #pulses: { lonLat: LonLat; started: number; urgent: boolean }[] = [];
  #frame = 0;
  #places = new Map<string, LonLat>();
  #turns: ReturnType<typeof setTimeout>[] = [];
  #corners: LonLat[] = [];
  #drawing = false;
  #stroke: LonLat[] = [];
  #byFinger: (() => void) | null = null;
  #resize: ResizeObserver;
  #ready = false;
  #gone = false;
  #shapes: GeoJSON.FeatureCollection = EMPTY;
  #drawnAs: DrawnAs = 'Polygon';
  #keys: (event: KeyboardEvent) => void = (event) => this.#key(event);
  /** A thing that was set with `setShapes` and clicked. */
  onShape: (id: string) => void = () => undefined;
  /** A click on nothing, while nothing is drawn. */
  onPlace: (lonLat: LonLat) => void = () => undefined;
  onPick: (id: string, name: string) => void = () => undefined;
  onArea: (corners: LonLat[], finished: boolean) => void = () => undefined;
  /** Somebody moves the map by hand. */
  onMove: () => void = () => undefined;

  /** `style` is what `background` gives. */
  constructor(container: HTMLElement, theme: Theme, label: string, style: StyleSpecification) {
    this.#theme = theme;
    this.#map = new MapLibre({
      container,
      style,
      bounds: BRITAIN,
      fitBoundsOptions: { padding: 12 },
      maxBounds: [[-25, 45], [15, 64]],
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: this.#reduced ? 0 : 150,
    });
    this.#map.getCanvas().setAttribute('aria-label', label);
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
    this.#map.addControl(new ScaleControl({ unit: 'imperial' }), 'bottom-left');
    this.#map.on('style.load', () => this.#dress());
    this.#map.on('movestart', (event) => {
      if (event.originalEvent) this.onMove();
    });
    this.#map.on('click', (event) => this.#clicked([event.lngLat.lng, event.lngLat.lat], event.point));
    this.#map.on('dblclick', (event) => {
      if (!this.#drawing) return;
      event.preventDefault();
      if (!this.#byFinger) this.finishArea();
    });
    this.#map.on('mousemove', 'cameras', () => this.#cursor('pointer'));
    this.#map.on('mouseleave', 'cameras', () => this.#cursor(''));
    this.#map.on('mousemove', [...SHAPE_LAYERS], () => this.#cursor('pointer'));
    this.#map.on('mouseleave', [...SHAPE_LAYERS], () => this.#cursor(''));
    this.#map.getCanvas().addEventListener('keydown', this.#keys);
    this.#resize = new ResizeObserver(() => this.#map.resize());
    this.#resize.observe(container);
  }

  #cursor(kind: string): void {
    this.#map.getCanvas().style.cursor = this.#drawing ? 'crosshair' : kind;
  }

  /** Adds our own layers on top of whichever base style has just loaded. */
  #dress(): void {
    const c = STATUS[this.#theme];
    const ink = this.#theme === 'dark' ? '#ffffff' : '#0b0c0c';
    const map = this.#map;
    for (const id of ['cameras', 'stops', 'pulses', 'area', 'shapes']) map.addSource(id, { type: 'geojson', data: EMPTY });
    map.addLayer({ id: 'area-fill', type: 'fill', source: 'area', paint: { 'fill-color': '#b3261e', 'fill-opacity': 0.14 } });
    map.addLayer({ id: 'area-line', type: 'line', source: 'area', paint: { 'line-color': '#d4352b', 'line-width': 2 } });
    map.addLayer({ id: 'area-corners', type: 'circle', source: 'area', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 5, 'circle-color': '#d4352b' } });
    for (let turn = 0; turn < FLOW_TURNS; turn += 1) {
      map.addSource(`flow-${turn}`, { type: 'geojson', data: EMPTY });
      map.addLayer({
        id: `flow-${turn}`, type: 'circle', source: `flow-${turn}`,
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 4, 5, 7, 9, 10, 15, 14, 24],
          'circle-color': c.flow, 'circle-blur': 0.4, 'circle-opacity': 0, 'circle-opacity-transition': { duration: 0, delay: 0 },
        },
      });
    }
    map.addLayer({
      id: 'cameras', type: 'circle', source: 'cameras',
      layout: { 'circle-sort-key': ['match', ['get', 'group'], 'down', 3, 'late', 2, 1] },
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 4, 1.3, 7, 2.4, 10, 5, 14, 9],
        'circle-color': ['match', ['get', 'group'], 'ok', c.ok, 'late', c.late, 'down', c.down, c.off],
        'circle-opacity': 0.85,
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 8, 0, 10, 1],
        'circle-stroke-color': this.#theme === 'dark' ? '#0b0f13' : '#ffffff',
      },
    });
    addShapeLayers(map, this.#theme);
    if (map.getSource('places')) map.addLayer(placeLayer(this.#theme) as Parameters<MapLibre['addLayer']>[0]);
    map.addLayer({ id: 'journey', type: 'line', source: 'stops', filter: ['==', ['geometry-type'], 'LineString'], layout: { 'line-join': 'round' }, paint: { 'line-color': ink, 'line-width': 2, 'line-dasharray': [2, 1.5] } });
    map.addLayer({ id: 'stops', type: 'circle', source: 'stops', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 9, 'circle-color': '#ffd320', 'circle-stroke-width': 2, 'circle-stroke-color': '#0b0c0c' } });
    map.addLayer({ id: 'stop-labels', type: 'symbol', source: 'stops', filter: ['==', ['geometry-type'], 'Point'], layout: { 'text-field': ['get', 'label'], 'text-size': 11, 'text-font': ['sans-serif'], 'text-allow-overlap': true }, paint: { 'text-color': '#0b0c0c' } });
    map.addLayer({ id: 'pulses', type: 'circle', source: 'pulses', paint: { 'circle-radius': ['get', 'radius'], 'circle-opacity': 0, 'circle-stroke-width': 3, 'circle-stroke-color': ['case', ['get', 'urgent'], '#e0362a', '#f0a000'], 'circle-stroke-opacity': ['get', 'opacity'] } });
    this.#ready = true;
    this.#put('cameras', this.#cameras);
    this.#put('shapes', this.#shapes);
    this.#drawStops();
    this.#drawArea();
  }

  #put(id: string, data: GeoJSON.FeatureCollection): void {
    if (this.#ready) (this.#map.getSource(id) as GeoJSONSource | undefined)?.setData(data);
  }

  setTheme(theme: Theme): void {
    if (theme === this.#theme) return;
    this.#theme = theme;
    this.#ready = false;
    void background(theme).then((style) => {
      if (this.#theme === theme && !this.#gone) this.#map.setStyle(style, { diff: false });
    });
  }

  setCameras(rows: readonly CameraRow[]): void {
    this.#places = new Map(rows.map(([id, lon, lat]) => [id, [lon, lat]]));
    this.#cameras = {
      type: 'FeatureCollection',
      features: rows
        .filter(([, lon, lat]) => Number.isFinite(lon) && Number.isFinite(lat))
        .map(([id, lon, lat, status, name]) => point([lon, lat], { id, name, status, group: statusGroup(status) })),
    };
    this.#put('cameras', this.#cameras);
  }

  /** Points, lines and areas with their look and words; each call replaces those of before. */
  setShapes(shapes: readonly Shape[]): void {
    this.#shapes = asFeatures(shapes);
    this.#put('shapes', this.#shapes);
  }

  /** Marks places in order; `joined` draws the line between them. */
  setStops(stops: Stop[], joined: boolean): void {
    this.#stops = stops;
    this.#drawStops(joined);
  }

  #joined = true;
  #drawStops(joined = this.#joined): void {
    this.#joined = joined;
    const features = this.#stops.map((stop) => point(stop.lonLat, { label: stop.label }));
    if (joined && this.#stops.length > 1) {
      features.unshift({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: this.#stops.map((s) => s.lonLat) } });
    }
    this.#put('stops', { type: 'FeatureCollection', features });
  }

  /** A ring that grows and fades where something was just seen; a still ring for those who want no motion. */
  pulse(lonLat: LonLat, urgent: boolean): void {
    this.#pulses = [...this.#pulses.slice(-30), { lonLat, started: performance.now(), urgent }];
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#animate());
  }

  /** Lets the cameras that just saw a vehicle light up softly and fade. Nothing for those who want no motion, or do not look. */
  flow(ids: readonly string[]): void {
    if (this.#reduced || document.hidden) return;
    this.#turns.forEach(clearTimeout);
    const places = ids.slice(0, FLOW_MAX).map((id) => this.#places.get(id)).filter((p): p is LonLat => !!p);
    const each = Math.ceil(places.length / FLOW_TURNS);
    this.#turns = Array.from({ length: FLOW_TURNS }, (_, turn) =>
      setTimeout(() => this.#light(turn, places.slice(turn * each, (turn + 1) * each)), (turn * 1_000) / FLOW_TURNS),
    );
  }

  #light(turn: number, places: LonLat[]): void {
    const id = `flow-${turn}`;
    this.#put(id, { type: 'FeatureCollection', features: places.map((p) => point(p, {})) });
    if (!this.#ready || !this.#map.getLayer(id)) return;
    this.#map.setPaintProperty(id, 'circle-opacity-transition', { duration: 0, delay: 0 });
    this.#map.setPaintProperty(id, 'circle-opacity', 0.85);
    this.#turns.push(
      setTimeout(() => {
        if (!this.#ready || !this.#map.getLayer(id)) return;
        this.#map.setPaintProperty(id, 'circle-opacity-transition', { duration: FLOW_FADE_MS, delay: 0 });
        this.#map.setPaintProperty(id, 'circle-opacity', 0);
      }, 120),
    );
  }

  #animate(): void {
    const now = performance.now();
    this.#pulses = this.#pulses.filter((p) => now - p.started < PULSE_MS);
    this.#put('pulses', {
      type: 'FeatureCollection',
      features: this.#pulses.map((p) => {
        const share = this.#reduced ? 0.4 : (now - p.started) / PULSE_MS;
        return point(p.lonLat, { radius: 6 + share * 22, opacity: 1 - share, urgent: p.urgent });
      }),
    });
    this.#frame = this.#pulses.length ? requestAnimationFrame(() => this.#animate()) : 0;
  }

  focus(lonLat: LonLat, zoom = 10): void {
    const view = { center: lonLat, zoom: Math.max(this.#map.getZoom(), zoom) };
    if (this.#reduced) this.#map.jumpTo(view);
    else this.#map.easeTo({ ...view, duration: 500 });
  }

  fit(places: LonLat[], maxZoom = 12): void {
    if (!places.length) return;
    const lons = places.map((p) => p[0]);
    const lats = places.map((p) => p[1]);
    this.#map.fitBounds([[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]], { padding: maxZoom > 12 ? { top: 50, bottom: 40, left: 60, right: 110 } : 50, maxZoom, animate: false });
  }

  /** The rectangle that is shown: west, south, east, north. */
  view(): [number, number, number, number] {
    const b = this.#map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
  }

  startArea(as: DrawnAs = 'Polygon'): void {
    this.#drawing = true;
    this.#drawnAs = as;
    this.#corners = [];
    this.#drawArea();
    this.#cursor('');
    this.#map.doubleClickZoom.disable();
  }

  /** The same for a finger: one draws a line as it goes, or taps corners; two move the map. */
  startFinger(as: DrawnAs): void {
    this.startArea(as);
    this.#byFinger?.();
    if (as === 'Point') {
      this.#byFinger = () => undefined;
      return;
    }
    this.#map.dragPan.disable();
    const canvas = this.#map.getCanvas();
    const end = strokes(canvas, ({ x, y }) => this.#map.unproject([x, y]).toArray(), (line, finished) => this.#drawn(line, finished));
    this.#byFinger = () => {
      end();
      this.#map.dragPan.enable();
    };
  }

  #drawn(line: LonLat[], finished: boolean): void {
    this.#stroke = finished ? [] : line;
    if (finished) this.#corners = [...this.#corners, ...line].slice(0, CORNERS_MAX);
    this.#drawArea();
    if (finished && line.length) this.onArea(this.#corners, false);
  }

  setArea(corners: LonLat[]): void {
    this.#corners = corners;
    this.#drawArea();
  }

  /** Adds the middle of the map as a corner: how one draws without a pointer. */
  addMiddle(): void {
    const { lng, lat } = this.#map.getCenter();
    this.#corner([lng, lat]);
  }

  /** A corner at a place that is known otherwise. */
  addCorner(lonLat: LonLat): void {
    this.#corner(lonLat);
  }

  dropCorner(): void {
    this.#corners = this.#corners.slice(0, -1);
    this.#drawArea();
    this.onArea(this.#corners, false);
  }

  get middle(): LonLat {
    const { lng, lat } = this.#map.getCenter();
    return [lng, lat];
  }

  #corner(lonLat: LonLat): void {
    this.#corners = this.#drawnAs === 'Point' ? [lonLat] : [...this.#corners, lonLat];
    this.#drawArea();
    this.onArea(this.#corners, false);
  }

  /** On the map's own canvas, where the arrows move it: Enter sets a corner in the middle, Backspace takes the last one back. */
  #key(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (this.#drawing || event.target === this.#map.getCanvas())) {
      event.preventDefault();
      if (this.#drawing) this.addMiddle();
      else this.onPlace(this.middle);
    } else if (event.key === 'Backspace' && this.#drawing) {
      event.preventDefault();
      this.dropCorner();
    }
  }

  finishArea(): void {
    this.#drawing = false;
    this.#stroke = [];
    this.#byFinger?.();
    this.#byFinger = null;
    this.#cursor('');
    this.#map.doubleClickZoom.enable();
    // A double click adds its corner twice.
    this.#corners = this.#corners.filter((c, i, all) => i === 0 || Math.hypot(c[0] - all[i - 1]![0], c[1] - all[i - 1]![1]) > 1e-6);
    this.#drawArea();
    this.onArea(this.#corners, true);
  }

  #drawArea(): void {
    const ring = [...this.#corners, ...this.#stroke];
    const features = this.#drawing ? ring.map((c) => point(c, {})) : [];
    if (ring.length > 2 && this.#drawnAs === 'Polygon') features.push({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]!]] } });
    else if (ring.length > 1) features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: ring } });
    this.#put('area', { type: 'FeatureCollection', features });
  }

  #clicked(lonLat: LonLat, at: { x: number; y: number }): void {
    if (this.#drawing) {
      this.#corner(lonLat);
      return;
    }
    if (!this.#ready) return;
    const around: [[number, number], [number, number]] = [[at.x - 6, at.y - 6], [at.x + 6, at.y + 6]];
    const shape = this.#map.queryRenderedFeatures(around, { layers: [...SHAPE_LAYERS] })[0]?.properties;
    const camera = this.#map.queryRenderedFeatures(around, { layers: ['cameras'] })[0]?.properties;
    if (shape) this.onShape(String(shape.id));
    else if (camera) this.onPick(String(camera.id), String(camera.name));
    else this.onPlace(lonLat);
  }

  destroy(): void {
    this.#gone = true;
    this.#byFinger?.();
    cancelAnimationFrame(this.#frame);
    this.#turns.forEach(clearTimeout);
    this.#resize.disconnect();
    this.#map.remove();
  }
}
