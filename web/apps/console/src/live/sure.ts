// How sure a hit is, in the words an operator reads first.
import type { Hit } from '@bluelamp/client';
import { percent } from '@bluelamp/ui';

export interface Sureness {
  word: string;
  why: string;
  doubt: boolean;
}

export function sureness(hit: Pick<Hit, 'match' | 'score' | 'why' | 'seen_as' | 'vrm'>): Sureness {
  const score = hit.score > 1 ? hit.score / 100 : hit.score;
  if (hit.match === 'exact') return { word: 'Exact', why: hit.why || 'the camera read this plate', doubt: false };
  return { word: `${score >= 0.8 ? 'Likely' : 'Possible'} ${percent(score)}`, why: hit.why || `read as ${hit.seen_as}`, doubt: true };
}

/** What is read first: the instruction; where the list gives none, its marker and reason. */
export function headline(hit: Pick<Hit, 'entry'>): string {
  const { instruction, marker, reason, list } = hit.entry;
  return instruction || [marker, reason].filter(Boolean).join(': ') || list.name;
}

export const OUTCOMES = [
  ['correct', 'Correct: this is the vehicle'],
  ['misread', 'Misread: another plate'],
  ['clone_suspected', 'Clone suspected'],
  ['no_longer_of_interest', 'No longer of interest'],
] as const;

export function outcomeWords(outcome: string): string {
  return { correct: 'Correct', misread: 'Misread', clone_suspected: 'Clone suspected', no_longer_of_interest: 'No longer of interest' }[outcome] ?? outcome;
}
