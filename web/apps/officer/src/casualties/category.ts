// Outcomes of triage, and how they are shown.
export type Category = 'P1' | 'P2' | 'P3' | 'dead' | 'not_injured';
export const LOOK: Record<string, string> = { P1: 'p1', P2: 'p2', P3: 'p3', dead: 'dead', not_injured: 'not_injured' };
export const lookOf = (category: string): string => LOOK[category] ?? 'unknown';
