// Which agencies an incident is usually shared with: this browser remembers what was chosen; neighbours by service come first.
import type { control } from '@bluelamp/client';

const KEY = 'bluelamp.partners';
const ORDER = ['fire', 'ambulance', 'coastguard', 'police'];
/** Keys that a browser leaves alone, one for each service. */
export const SERVICE_KEYS: Record<string, string> = { fire: 'F8', ambulance: 'F9', police: 'F4' };

function used(): string[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as string[];
  } catch {
    return [];
  }
}

/** Everybody else who responds, those of last time first, then by service. */
export function partnersOf(agencies: readonly control.AgencyRow[], own: string): control.AgencyRow[] {
  const last = used();
  const rank = (one: control.AgencyRow): number => (last.includes(one.code) ? 0 : 10) + ORDER.indexOf(one.service);
  return agencies.filter((one) => one.code !== own && ORDER.includes(one.service)).sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code));
}

export function remember(codes: readonly string[]): void {
  if (codes.length) localStorage.setItem(KEY, JSON.stringify(codes.slice(0, 6)));
}

/** The agency that a key stands for: the first of its service. */
export function byKey(partners: readonly control.AgencyRow[], key: string): string | undefined {
  const service = Object.keys(SERVICE_KEYS).find((one) => SERVICE_KEYS[one] === key);
  return partners.find((one) => one.service === service)?.code;
}
