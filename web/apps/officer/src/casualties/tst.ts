// Ten Second Triage (NHS England, 2023): yes or no until there is a category. It does not say "dead": it says "not breathing".
import type { Category } from './category';

export interface Question {
  ask: string;
  yes: Step;
  no: Step;
}
export interface Outcome {
  category: Category;
  act: string;
}
export type Step = Question | Outcome;

const breathing: Question = {
  ask: 'Breathing?',
  yes: { category: 'P1', act: 'Open the airway. Recovery position.' },
  no: { category: 'dead', act: 'Open the airway. CPR if there are hands for it.' },
};
const penetrating: Question = {
  ask: 'Penetrating injury to chest, abdomen or back?',
  yes: { category: 'P1', act: 'Seal or pack. Look front and back.' },
  no: { category: 'P2', act: 'Recovery or a comfortable position.' },
};
const talking: Question = { ask: 'Talking?', yes: penetrating, no: breathing };
const bleeding: Question = { ask: 'Severe bleeding?', yes: { category: 'P1', act: 'Pressure, tourniquet, pack the wound.' }, no: talking };
export const TST: Question = { ask: 'Walking?', yes: { category: 'P3', act: 'Show where to gather.' }, no: bleeding };

export const isOutcome = (step: Step): step is Outcome => 'category' in step;
