// Reviews in the words of those who review.
import type { Look, Review } from '@bluelamp/client';

export const KINDS: Record<Review['kind'], string> = { sample: 'Drawn by chance', finding: 'Found by the detector', override: 'Emergency override' };
export const STATES: Record<Review['state'], string> = {
  waiting: 'Waits', asked: 'Person asked', answered: 'Person has answered', seconding: 'A second person must agree', decided: 'Decided',
};
export const OUTCOMES = { proper: 'Proper', improper: 'Improper' } as const;
export const STEPS = {
  asked: 'asked the person', answered: 'answered', proposed: 'proposed', sent_back: 'did not agree', decided: 'decided',
} as const;

const ACTIONS: Record<string, string> = {
  'anpr.searches.run': 'Searched', 'anpr.searches.open': 'Opened a search', 'anpr.searches.standing': 'Ran a standing search', 'anpr.reads.view': 'Opened a read',
  'anpr.pictures.view': 'Looked at a picture', 'anpr.exports.make': 'Exported', 'anpr.exports.take': 'Took an export',
};
export const actionWords = (look: Look): string => ACTIONS[look.action] ?? look.action;

/** Subjects of a look are plates and ids of things; a plate is short. */
export const isPlate = (subject: string): boolean => /^[A-Z0-9]{2,10}$/.test(subject);
