// A line that a finger draws: the points that it passed, less those that say nothing. One finger draws, two move the map.
import type { LonLat } from './engine';

interface Point {
  x: number;
  y: number;
}
/** Points closer than this are a hand that trembles. */
const STEP_PX = 5;
/** How far the line may stray from where the finger was. */
const STRAY_PX = 3;
/** A shorter one is a tap, which is heard elsewhere. */
const LEAST_PX = 16;

function distance(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  if (!length) return Math.hypot(p.x - a.x, p.y - a.y);
  const t = Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / (length * length)));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/** Douglas and Peucker: the fewest points from which the line strays no further than `stray`. Keeps both ends. */
export function simplified(points: readonly Point[], stray = STRAY_PX): Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 3) return [...points];
  let furthest = 0;
  let at = 0;
  for (let i = 1; i < points.length - 1; i += 1) {
    const away = distance(points[i]!, first, last);
    if (away > furthest) [furthest, at] = [away, i];
  }
  if (furthest <= stray) return [first, last];
  return [...simplified(points.slice(0, at + 1), stray).slice(0, -1), ...simplified(points.slice(at), stray)];
}

/** Listens on the map's canvas until the function that is returned is called. */
export function strokes(canvas: HTMLElement, place: (point: Point) => LonLat, drawn: (line: LonLat[], finished: boolean) => void): () => void {
  let points: Point[] = [];
  let pointer = -1;
  const touchAction = canvas.style.touchAction;
  canvas.style.touchAction = 'none';

  const at = (event: PointerEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const length = (): number => points.reduce((sum, p, i) => (i ? sum + Math.hypot(p.x - points[i - 1]!.x, p.y - points[i - 1]!.y) : 0), 0);
  const tell = (finished: boolean): void => drawn(length() < LEAST_PX ? [] : simplified(points).map(place), finished);
  const over = (): void => {
    points = [];
    pointer = -1;
  };
  const handlers: [string, (event: PointerEvent) => void][] = [
    ['pointerdown', (event) => {
      // A second finger: the map is moved, nothing is drawn.
      if (pointer >= 0) {
        over();
        drawn([], true);
      } else if (event.isPrimary && event.button === 0) {
        pointer = event.pointerId;
        points = [at(event)];
      }
    }],
    ['pointermove', (event) => {
      if (event.pointerId !== pointer) return;
      const here = at(event);
      const last = points.at(-1)!;
      if (Math.hypot(here.x - last.x, here.y - last.y) < STEP_PX) return;
      points.push(here);
      tell(false);
    }],
    ['pointerup', (event) => {
      if (event.pointerId !== pointer) return;
      tell(true);
      over();
    }],
    ['pointercancel', () => {
      over();
      drawn([], true);
    }],
  ];
  for (const [name, handler] of handlers) canvas.addEventListener(name, handler as EventListener);
  return () => {
    canvas.style.touchAction = touchAction;
    for (const [name, handler] of handlers) canvas.removeEventListener(name, handler as EventListener);
  };
}
