// Why this person is looking: purpose and reference, remembered for the tab's session and no longer.
import type { Reason } from '@bluelamp/client';

const KEY = 'bluelamp.reason';

class RememberedReason {
  purpose = $state('');
  reference = $state('');

  constructor() {
    this.recall();
  }

  recall(): void {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Partial<Reason>;
      this.purpose = kept.purpose ?? '';
      this.reference = kept.reference ?? '';
    } catch {
      sessionStorage.removeItem(KEY);
    }
  }

  get complete(): boolean {
    return this.purpose !== '' && this.reference.trim() !== '';
  }

  remember(): Reason {
    const reason = { purpose: this.purpose, reference: this.reference.trim() };
    sessionStorage.setItem(KEY, JSON.stringify(reason));
    return reason;
  }
}

export const reason = new RememberedReason();
