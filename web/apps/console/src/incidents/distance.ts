// How soon somebody is there, in words: a reckoning by the straight line says so.
import type { control } from '@bluelamp/client';
import { span } from '@bluelamp/ui';

const MILE_M = 1_609.344;

export function soonWords(one: control.Candidate | undefined): string {
  if (!one || one.seconds === null || one.metres === null) return '';
  const miles = one.metres / MILE_M;
  return `${one.by === 'road' ? '' : 'about '}${span(Math.max(60, one.seconds))}, ${miles < 10 ? miles.toFixed(1) : Math.round(miles)} miles${one.position?.stale ? ', position is old' : ''}`;
}
