// The live line: what happens on the incidents that this person is on or has opened arrives at once, and one's own position leaves by it.
// Where it does not stand, the app asks as before; nothing depends on it.
import { openLive, type LiveHealth, type LiveLine, type LiveMessage, type Receipt } from '@bluelamp/client';
import { session } from '@bluelamp/ui/session';
import { emergency } from '../emergency/emergency.svelte';
import { incidents } from '../incidents/incidents.svelte';
import { tracking } from '../status/tracking.svelte';
import { line } from './line.svelte';

class Live {
  health: LiveHealth | null = $state.raw(null);
  standing = $derived(this.health?.state === 'connected');
  #line: LiveLine | null = null;
  #wanted = '';

  /** Opens it; the function that is returned closes it for good. */
  start(): () => void {
    this.#line = openLive({ follow: this.#follow(), onMessage: (message) => this.#heard(message), onHealth: (health) => (this.health = health) });
    tracking.overLive = (position) => this.#line?.position(position) ?? false;
    return () => {
      this.#line?.close();
      this.#line = this.health = null;
      tracking.overLive = () => false;
    };
  }

  /** These incidents from here on. */
  want(ids: string[]): void {
    const wanted = [...new Set(ids)].sort().join(',');
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#line?.follow(this.#follow());
  }

  #follow(): { incidents: string[] } {
    return { incidents: this.#wanted.split(',').filter(Boolean) };
  }

  #heard(message: LiveMessage): void {
    line.hear();
    if (message.type === 'event') {
      incidents.heard(message.event.incident, message.event.sequence);
      if (message.event.kind.startsWith('emergency.')) emergency.heard();
      // Closed, merged, opened again, declared major: the list says so at once.
      if (message.event.kind.startsWith('incident.')) void incidents.refresh().catch(() => undefined);
    } else if (message.type === 'receipt') incidents.heardReceipt(message.receipt as unknown as Receipt & { incident: string });
    else if (message.type === 'removed') void incidents.look(message.incident).catch(() => incidents.refresh()).catch(() => undefined);
    else if (message.type === 'reassigned') void incidents.refresh().catch(() => undefined);
    else if (message.type === 'untracked') tracking.untracked();
    else if (message.type === 'signed_out') void session.ask();
    else if (message.type === 'ready') for (const id of message.incidents) void incidents.look(id).catch(() => undefined);
  }
}

export const live = new Live();
