// The answer that was just given, so that opening its page does not ask (and audit) the same question twice.
import type { Reason, SearchAnswer, SearchCriteria } from '@bluelamp/client';

/** A search as its page shows it: just answered, or opened again. */
export type ShownSearch = SearchAnswer & {
  criteria: Partial<SearchCriteria>;
  reason?: Reason;
  name?: string;
  saved?: boolean;
  standing?: boolean;
  shared?: boolean;
  mine?: boolean;
};

let last: ShownSearch | null = null;

export const kept = {
  put(answer: SearchAnswer, criteria: SearchCriteria): void {
    last = { ...answer, criteria, reason: criteria.reason ?? undefined, mine: true };
  },
  take(id: string): ShownSearch | null {
    const found = last?.id === id ? last : null;
    last = null;
    return found;
  },
};
