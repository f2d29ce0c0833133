// An authorisation in words.
import type { Authorisation, SearchCriteria } from '@bluelamp/client';
import { formatVrm, plural, span } from '@bluelamp/ui';

export const STATES: Record<Authorisation['state'], readonly [string, string]> = {
  asked: ['Waiting', 'bl-tag--medium'], granted: ['In force', 'bl-tag--good'], refused: ['Refused', 'bl-tag--bad'],
  revoked: ['Ended', ''], expired: ['Over', ''],
};

/** What it opens: "AB12 CDE, XY34 FGH", "AB12* in an area". */
export function scopeWords(held: Pick<Authorisation, 'vrms' | 'pattern' | 'place'>): string {
  const vehicles = held.vrms.length > 4 ? `${plural(held.vrms.length, 'vehicle')}` : held.vrms.map(formatVrm).join(', ');
  const place = held.place && (Array.isArray(held.place.cameras) ? plural(held.place.cameras.length, 'camera') : 'one area');
  return [vehicles || held.pattern, place && (vehicles || held.pattern ? `at ${place}` : `every vehicle at ${place}`)].filter(Boolean).join(' ');
}

export const HOURS = [['4', '4 hours'], ['24', 'One day'], ['168', 'One week'], ['672', 'Four weeks']] as const;

export function hoursWords(hours: number): string {
  return HOURS.find(([key]) => Number(key) === hours)?.[1] ?? span(hours * 3600);
}

/** The members of a search that authority is asked for. */
export function scopeOf(criteria: SearchCriteria): { vrms: string[]; pattern: string } & Pick<SearchCriteria, 'bbox' | 'area' | 'cameras'> {
  const vrms = criteria.vrms?.length ? criteria.vrms : criteria.vrm ? [criteria.vrm] : [];
  const scope: ReturnType<typeof scopeOf> = { vrms, pattern: criteria.pattern ?? '' };
  if (criteria.bbox) scope.bbox = criteria.bbox;
  if (criteria.area) scope.area = criteria.area;
  if (criteria.cameras?.length) scope.cameras = criteria.cameras;
  return scope;
}
