// Where, when and in which direction an entry holds, between the form and the wire.
import type { EntryQuestion, GeoPolygon } from '@bluelamp/client';

type Wire = NonNullable<EntryQuestion['conditions']>;
export interface Span {
  from: string;
  to: string;
  days: number[];
}
export interface Limits {
  area: GeoPolygon | null;
  times: Span[];
  directions: string[];
}

export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export const newSpan = (): Span => ({ from: '', to: '', days: [0, 1, 2, 3, 4, 5, 6] });

export function limitsOf(wire: Wire | null | undefined): Limits {
  return {
    area: (wire?.area as GeoPolygon | null | undefined) ?? null,
    // A time field has no 24:00; midnight as an end means the same.
    times: (wire?.times ?? []).map((t) => ({ from: t.from, to: t.to === '24:00' ? '00:00' : t.to, days: [...(t.days ?? newSpan().days)] })),
    directions: [...(wire?.directions ?? [])],
  };
}

/** What is wrong with the times; empty where nothing is. */
export function problemOf(limits: Limits): string {
  if (limits.times.some((t) => !t.from || !t.to)) return 'Give each time its beginning and its end';
  if (limits.times.some((t) => t.from === t.to && t.to !== '00:00')) return 'A time begins and ends at different moments';
  if (limits.times.some((t) => !t.days.length)) return 'Give each time at least one day';
  return '';
}

/** As the platform takes it; null where nothing narrows the entry. */
export function wireOf(limits: Limits): Wire | null {
  if (!limits.area && !limits.times.length && !limits.directions.length) return null;
  const times = limits.times.map((t) => ({ ...t, to: t.from === '00:00' && t.to === '00:00' ? '24:00' : t.to, days: [...t.days].sort() }));
  return { area: limits.area, times, directions: limits.directions as NonNullable<Wire['directions']> };
}
