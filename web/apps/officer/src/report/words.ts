// How the choices of the form become the words of an ETHANE or METHANE report.
export const HAZARDS = ['Traffic', 'Fuel', 'Fire', 'Smoke', 'Chemicals', 'Electricity', 'Gas', 'Weapons', 'Crowd', 'Water', 'Unsafe structure', 'Animals'] as const;
export const SERVICES = ['Ambulance', 'Fire', 'Police', 'Highways', 'Recovery', 'Utilities'] as const;
export type Presence = '' | 'needed' | 'present';

export interface Count {
  P1: number;
  P2: number;
  P3: number;
  dead: number;
}

export function nextPresence(now: Presence): Presence {
  return now === '' ? 'needed' : now === 'needed' ? 'present' : '';
}

/** "P1 2, P2 1, not breathing 1, trapped"; "none" where nobody is hurt and that was said. */
export function casualtyWords(count: Count, more: string): string {
  const counted = (['P1', 'P2', 'P3'] as const).filter((p) => count[p]).map((p) => `${p} ${count[p]}`);
  if (count.dead) counted.push(`not breathing ${count.dead}`);
  return [counted.join(', ') || 'none seen', more.trim()].filter(Boolean).join('. ');
}

export function listed(chosen: readonly string[], more: string): string {
  return [chosen.join(', '), more.trim()].filter(Boolean).join('. ');
}

export function servicesOf(services: Record<string, Presence>, presence: Presence): string {
  return Object.entries(services).filter(([, now]) => now === presence).map(([name]) => name).join(', ');
}
