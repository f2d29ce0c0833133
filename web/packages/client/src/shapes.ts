// Small readings of wire shapes that several pages need.

/** The longitude and latitude of a GeoJSON point; null for an unknown position. */
export function lonLat(position: unknown): [number, number] | null {
  if (!position || typeof position !== 'object') return null;
  const pair = (position as { coordinates?: unknown }).coordinates;
  if (!Array.isArray(pair) || pair.length < 2) return null;
  const [lon, lat] = pair as [number, number];
  return Number.isFinite(lon) && Number.isFinite(lat) ? [lon, lat] : null;
}
