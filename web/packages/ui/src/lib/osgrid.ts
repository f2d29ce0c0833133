// Ordnance Survey National Grid references from WGS 84 positions.
// Source: "A guide to coordinate systems in Great Britain", Ordnance Survey, annexes B and C: a seven-parameter
// Helmert shift to OSGB36 followed by the transverse Mercator projection on the Airy 1830 ellipsoid.
// The Helmert shift alone is good to about 5 m (95%); survey work needs OSTN15 instead.

export const OSGRID_ACCURACY_M = 5;

const RAD = Math.PI / 180;
const WGS84 = { a: 6378137, b: 6356752.3142 };
const AIRY = { a: 6377563.396, b: 6356256.909 };
// WGS 84 to OSGB36: metres, seconds of arc, parts per million.
const SHIFT = { tx: -446.448, ty: 125.157, tz: -542.06, rx: -0.1502, ry: -0.247, rz: -0.8421, s: 20.4894 };

function toOsgb36(latitude: number, longitude: number): [number, number] {
  const phi = latitude * RAD;
  const lam = longitude * RAD;
  const e2 = 1 - (WGS84.b * WGS84.b) / (WGS84.a * WGS84.a);
  const nu = WGS84.a / Math.sqrt(1 - e2 * Math.sin(phi) ** 2);
  const x = nu * Math.cos(phi) * Math.cos(lam);
  const y = nu * Math.cos(phi) * Math.sin(lam);
  const z = nu * (1 - e2) * Math.sin(phi);
  const s = 1 + SHIFT.s / 1e6;
  const [rx, ry, rz] = [SHIFT.rx, SHIFT.ry, SHIFT.rz].map((sec) => (sec / 3600) * RAD) as [number, number, number];
  const x2 = SHIFT.tx + x * s - y * rz + z * ry;
  const y2 = SHIFT.ty + x * rz + y * s - z * rx;
  const z2 = SHIFT.tz - x * ry + y * rx + z * s;
  const e2a = 1 - (AIRY.b * AIRY.b) / (AIRY.a * AIRY.a);
  const p = Math.hypot(x2, y2);
  let lat = Math.atan2(z2, p * (1 - e2a));
  for (let i = 0; i < 6; i += 1) {
    const n = AIRY.a / Math.sqrt(1 - e2a * Math.sin(lat) ** 2);
    lat = Math.atan2(z2 + e2a * n * Math.sin(lat), p);
  }
  return [lat, Math.atan2(y2, x2)];
}

/** Easting and northing in metres on the National Grid of a WGS 84 position in degrees. */
export function toEastingNorthing(latitude: number, longitude: number): [number, number] {
  const [phi, lam] = toOsgb36(latitude, longitude);
  const { a, b } = AIRY;
  const f0 = 0.9996012717;
  const phi0 = 49 * RAD;
  const e2 = 1 - (b * b) / (a * a);
  const n = (a - b) / (a + b);
  const sin2 = Math.sin(phi) ** 2;
  const nu = (a * f0) / Math.sqrt(1 - e2 * sin2);
  const rho = (a * f0 * (1 - e2)) / (1 - e2 * sin2) ** 1.5;
  const eta2 = nu / rho - 1;
  const dm = phi - phi0;
  const sm = phi + phi0;
  const m =
    b *
    f0 *
    ((1 + n + 1.25 * n ** 2 + 1.25 * n ** 3) * dm -
      (3 * n + 3 * n ** 2 + 2.625 * n ** 3) * Math.sin(dm) * Math.cos(sm) +
      (1.875 * n ** 2 + 1.875 * n ** 3) * Math.sin(2 * dm) * Math.cos(2 * sm) -
      (35 / 24) * n ** 3 * Math.sin(3 * dm) * Math.cos(3 * sm));
  const c = Math.cos(phi);
  const s = Math.sin(phi);
  const t2 = Math.tan(phi) ** 2;
  const d = lam - -2 * RAD;
  const northing =
    m -
    100000 +
    (nu / 2) * s * c * d ** 2 +
    (nu / 24) * s * c ** 3 * (5 - t2 + 9 * eta2) * d ** 4 +
    (nu / 720) * s * c ** 5 * (61 - 58 * t2 + t2 ** 2) * d ** 6;
  const easting =
    400000 +
    nu * c * d +
    (nu / 6) * c ** 3 * (nu / rho - t2) * d ** 3 +
    (nu / 120) * c ** 5 * (5 - 18 * t2 + t2 ** 2 + 14 * eta2 - 58 * t2 * eta2) * d ** 5;
  return [easting, northing];
}

// Ireland has a grid of its own; its positions fall inside the British squares and would look valid.
function inIreland(latitude: number, longitude: number): boolean {
  return longitude < -5.35 && latitude > 51.3 && latitude < 55.5 && !(longitude > -6.6 && latitude > 55.3) && longitude > -11;
}

/**
 * A grid reference such as "NT 25900 73000" for a WGS 84 position in degrees, or null where the grid does not reach.
 * `digits` is the total of figures: 10 stands for metres, 6 for hundreds of metres.
 */
export function gridReference(latitude: number, longitude: number, digits: 6 | 8 | 10 = 8): string | null {
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude) || inIreland(latitude, longitude)) return null;
  const [easting, northing] = toEastingNorthing(latitude, longitude);
  if (easting < 0 || easting >= 700000 || northing < 0 || northing >= 1300000) return null;
  const e100 = Math.floor(easting / 100000);
  const n100 = Math.floor(northing / 100000);
  let first = 19 - n100 - ((19 - n100) % 5) + Math.floor((e100 + 10) / 5);
  let second = (((19 - n100) * 5) % 25) + (e100 % 5);
  if (first > 7) first += 1;
  if (second > 7) second += 1;
  const letters = String.fromCharCode(65 + first, 65 + second);
  const half = digits / 2;
  const part = (metres: number): string => String(Math.floor((metres % 100000) / 10 ** (5 - half))).padStart(half, '0');
  return `${letters} ${part(easting)} ${part(northing)}`;
}
