// Whether this person was asked about a look of theirs and has not answered: then the navigation says so.
import { api, type AskedOfMe } from '@bluelamp/client';

class Asked {
  items: AskedOfMe[] = $state.raw([]);
  waits = $derived(this.items.some((one) => one.state === 'asked'));

  async load(): Promise<void> {
    try {
      this.items = (await api.reviews.mine()).items;
    } catch {
      // The page itself tells what is wrong; the navigation only points to it.
    }
  }
}

export const asked = new Asked();
