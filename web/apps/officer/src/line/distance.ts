// Distances for people: as the crow flies, in metres below a kilometre, then in miles, as British road signs count.
const RAD = Math.PI / 180;
const EARTH_M = 6_371_000;
const MILE_M = 1_609.344;

interface Point {
  latitude?: number | null;
  longitude?: number | null;
}

export function metres(a: Point | null | undefined, b: Point | null | undefined): number | null {
  if (a?.latitude == null || a.longitude == null || b?.latitude == null || b.longitude == null) return null;
  const x = (b.longitude - a.longitude) * RAD * Math.cos(((a.latitude + b.latitude) / 2) * RAD);
  return Math.hypot(x, (b.latitude - a.latitude) * RAD) * EARTH_M;
}

export function inWords(distance: number | null): string {
  if (distance === null) return '';
  if (distance < 1_000) return `${Math.round(distance / 10) * 10} m`;
  const miles = distance / MILE_M;
  return `${miles < 10 ? miles.toFixed(1) : Math.round(miles)} miles`;
}
