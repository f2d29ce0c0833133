// Small readings of wire shapes that several pages need.
import type { Position } from './types';

/** The longitude and latitude of a GeoJSON point or a plain pair; null for an unknown position. */
export function lonLat(position: Position | null | undefined): [number, number] | null {
  if (!position) return null;
  const pair = Array.isArray(position) ? position : position.coordinates;
  if (!Array.isArray(pair) || pair.length < 2) return null;
  const [lon, lat] = pair;
  return Number.isFinite(lon) && Number.isFinite(lat) ? [lon, lat] : null;
}

/** Whoever a reference names: a plain string, or an object with a name or username. */
export function nameOf(ref: unknown): string {
  if (typeof ref === 'string') return ref;
  if (ref && typeof ref === 'object') {
    const r = ref as Record<string, unknown>;
    if (r.user) return nameOf(r.user);
    for (const key of ['name', 'username', 'code', 'vrm', 'id']) if (typeof r[key] === 'string') return r[key];
  }
  return '';
}

export function agencyName(agency: string | { code: string; name: string } | null | undefined): string {
  return typeof agency === 'string' ? agency : (agency?.name ?? '');
}
