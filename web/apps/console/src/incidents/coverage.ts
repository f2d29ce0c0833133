// What an answer about coverage means on a map: squares by how soon somebody is there, and the gaps, each with its size and its worst place.
import type { control } from '@bluelamp/client';
import type { LonLat, Shape } from '@bluelamp/map';

const METRES_OF_DEGREE = 111_195;

export interface Gap {
  number: number;
  /** Where it is worst. */
  at: LonLat;
  /** In the midst of it, where its name stands. */
  midst: LonLat;
  square_km: number;
  /** Minutes at its worst place; null: nobody is free. */
  minutes: number | null;
  nearest: string;
  cells: number;
}
type Cell = control.Coverage['cells'][number];

/** Side of the squares for about so many of them, in whole hundreds of metres. */
export function cellSide(box: readonly [number, number, number, number], wanted: number): number {
  const [west, south, east, north] = box;
  const high = (north - south) * METRES_OF_DEGREE;
  const wide = (east - west) * METRES_OF_DEGREE * Math.cos((((south + north) / 2) * Math.PI) / 180);
  return Math.min(20_000, Math.max(100, Math.ceil(Math.sqrt((high * wide) / wanted) / 100) * 100));
}

function half(cell: Cell, side: number): [number, number] {
  const up = side / METRES_OF_DEGREE / 2;
  return [up / Math.max(0.01, Math.cos((cell.latitude * Math.PI) / 180)), up];
}

function square(cell: Cell, [wide, high]: [number, number]): LonLat[] {
  const { longitude: x, latitude: y } = cell;
  return [[x - wide, y - high], [x + wide, y - high], [x + wide, y + high], [x - wide, y + high], [x - wide, y - high]];
}

/** Squares that lie beside each other and are reached too late, the largest gap first. */
export function gapsOf(found: control.Coverage, limit_s: number): Gap[] {
  const late = found.cells.filter((cell) => cell.seconds === null || cell.seconds > limit_s);
  // Rows and columns from the least edge: the same raster that the platform laid.
  const south = Math.min(...found.cells.map((cell) => cell.latitude));
  const west = Math.min(...found.cells.map((cell) => cell.longitude));
  const up = found.cell_m / METRES_OF_DEGREE;
  const columns = [...new Set(found.cells.map((cell) => cell.longitude.toFixed(6)))].map(Number).sort((a, b) => a - b);
  const step = columns.length > 1 ? (columns.at(-1)! - columns[0]!) / (columns.length - 1) : up;
  const key = (row: number, column: number): string => `${row},${column}`;
  const place = (cell: Cell): [number, number] => [Math.round((cell.latitude - south) / up), Math.round((cell.longitude - west) / step)];
  const open = new Map(late.map((cell) => [key(...place(cell)), cell]));
  const gaps: Gap[] = [];
  while (open.size) {
    const queue = [open.values().next().value!];
    open.delete(key(...place(queue[0]!)));
    const cells: Cell[] = [];
    for (let cell = queue.pop(); cell; cell = queue.pop()) {
      cells.push(cell);
      const [row, column] = place(cell);
      for (const [r, c] of [[row + 1, column], [row - 1, column], [row, column + 1], [row, column - 1]] as const) {
        const beside = open.get(key(r, c));
        if (beside) {
          open.delete(key(r, c));
          queue.push(beside);
        }
      }
    }
    const worst = cells.reduce((a, b) => ((b.seconds ?? Infinity) > (a.seconds ?? Infinity) ? b : a));
    const [x, y] = [cells.reduce((sum, cell) => sum + cell.longitude, 0) / cells.length, cells.reduce((sum, cell) => sum + cell.latitude, 0) / cells.length];
    const away = (cell: Cell): number => (cell.longitude - x) ** 2 + (cell.latitude - y) ** 2;
    const midst = cells.reduce((a, b) => (away(b) < away(a) ? b : a));
    gaps.push({
      midst: [midst.longitude, midst.latitude], number: 0, at: [worst.longitude, worst.latitude], square_km: (cells.length * found.cell_m ** 2) / 1e6, minutes: worst.seconds === null ? null : worst.seconds / 60,
      nearest: worst.soonest === null ? '' : (found.resources[worst.soonest]?.call_sign ?? ''), cells: cells.length,
    });
  }
  return gaps.sort((a, b) => b.cells - a.cells).map((gap, at) => ({ ...gap, number: at + 1 }));
}

/** Of the area, how much each free resource is the first to reach in time: by its place in the answer. */
export function sharesOf(found: control.Coverage, limit_s: number): number[] {
  const counts = found.resources.map(() => 0);
  for (const cell of found.cells) if (cell.soonest !== null && cell.seconds !== null && cell.seconds <= limit_s) counts[cell.soonest]! += 1;
  return counts.map((count) => (found.cells.length ? count / found.cells.length : 0));
}

export function shapesOf(found: control.Coverage, gaps: readonly Gap[], limit_s: number): Shape[] {
  const sized = found.cells[0] ? half(found.cells[Math.floor(found.cells.length / 2)]!, found.cell_m) : [0, 0] as [number, number];
  const squares = found.cells.map((cell, at): Shape => ({
    id: `cell:${at}`, geometry: { type: 'Polygon', coordinates: [square(cell, sized)] }, label: '',
    tone: cell.seconds === null || cell.seconds > limit_s ? 'gap' : cell.seconds > limit_s / 2 ? 'later' : 'soon',
  }));
  const free = found.resources.map((one): Shape => ({
    id: `resource:${one.id}`, geometry: { type: 'Point', coordinates: [one.position.longitude, one.position.latitude] }, tone: one.position.stale ? 'stale' : 'own', label: one.call_sign, mark: one.position.stale ? '?' : '',
  }));
  const named = gaps.slice(0, 12).map((gap): Shape => ({ id: `gap:${gap.number}`, geometry: { type: 'Point', coordinates: gap.midst }, tone: 'hazard', label: `Gap ${gap.number}: ${gap.minutes === null ? 'nobody is free' : `up to ${Math.round(gap.minutes)} min`}`, mark: '!' }));
  return [...squares, ...free, ...named];
}
