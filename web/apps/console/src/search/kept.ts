// The answer that was just given, so that opening its page does not ask (and audit) the same question twice.
import type { SearchAnswer, SearchCriteria } from '@bluelamp/client';

let last: SearchAnswer | null = null;

export const kept = {
  put(answer: SearchAnswer, criteria: SearchCriteria): void {
    last = { ...answer, criteria: answer.criteria ?? criteria };
  },
  take(id: string): SearchAnswer | null {
    const found = last?.id === id ? last : null;
    last = null;
    return found;
  },
};
