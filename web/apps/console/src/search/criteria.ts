// What a person asked for, in words and back again.
import type { SearchCriteria } from '@bluelamp/client';
import { splitPlates, when } from '@bluelamp/ui';

export const DIRECTIONS = [
  ['', 'Any'], ['n', 'North'], ['ne', 'North-east'], ['e', 'East'], ['se', 'South-east'], ['s', 'South'], ['sw', 'South-west'],
  ['w', 'West'], ['nw', 'North-west'], ['approaching', 'Towards the camera'], ['away', 'Away from the camera'], ['in', 'In'], ['out', 'Out'],
] as const;

/** "heading south-east", "towards the camera"; empty where the direction is unknown. */
export function directionWords(direction: string): string {
  const words = DIRECTIONS.find(([key]) => key && key === direction)?.[1].toLowerCase();
  if (!words) return direction;
  return direction.length <= 2 && direction !== 'in' ? `heading ${words}` : words;
}

export const COLOURS = ['black', 'white', 'grey', 'silver', 'blue', 'red', 'green', 'yellow', 'orange', 'brown', 'gold', 'purple'] as const;

export const TOLERANCES = [
  ['exact', 'Exactly as typed'], ['likely', 'Likely misreads too'], ['possible', 'Possible misreads too (more to sift)'],
] as const;

export type PlateCriteria = Pick<SearchCriteria, 'vrm' | 'vrms' | 'pattern'>;

/** One plate, a pattern, or several plates, from what was typed; an explanation where it is none of them. */
export function platesOf(typed: string): PlateCriteria | { problem: string } {
  const plates = splitPlates(typed);
  if (!plates.length) return {};
  const odd = plates.find((p) => !/^[\p{L}\p{N}?*]+$/u.test(p));
  if (odd) return { problem: `“${odd}” is not a plate: letters, figures, ? for one character and * for any number of them` };
  const wild = plates.filter((p) => /[?*]/.test(p));
  if (wild.length && plates.length > 1) return { problem: 'A search takes several whole plates, or one with ? or *, not both' };
  if (wild[0]) return /^[?*]+$/.test(wild[0]) ? { problem: 'Give at least one character besides ? and *' } : { pattern: wild[0] };
  return plates.length === 1 ? { vrm: plates[0]! } : { vrms: plates };
}

export function describe(criteria: Partial<SearchCriteria> | undefined): string {
  if (!criteria) return '';
  const parts: string[] = [];
  if (criteria.vrm) parts.push(criteria.vrm);
  if (criteria.pattern) parts.push(criteria.pattern);
  if (criteria.vrms?.length) parts.push(criteria.vrms.length > 3 ? `${criteria.vrms.length} plates` : criteria.vrms.join(', '));
  const vehicle = [criteria.colour, criteria.make, criteria.model].filter(Boolean).join(' ');
  if (vehicle) parts.push(vehicle);
  if (criteria.direction) parts.push(`going ${criteria.direction}`);
  if (criteria.cameras?.length) parts.push(criteria.cameras.length === 1 ? 'one camera' : `${criteria.cameras.length} cameras`);
  if (criteria.area || criteria.bbox) parts.push('in an area');
  if (criteria.from || criteria.to) parts.push(`${criteria.from ? `from ${when(criteria.from)}` : ''} ${criteria.to ? `to ${when(criteria.to)}` : ''}`.trim());
  return parts.join(', ') || 'everything';
}
