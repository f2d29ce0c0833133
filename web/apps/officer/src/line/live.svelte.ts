// The live line: what happens on the incidents that this person is on or has opened, and what changes on their list or of their unit,
// arrives at once; one's own position leaves by it. Where it does not stand the app asks every few seconds: nothing depends on it.
import { openLive, type Follow, type LiveHealth, type LiveLine, type LiveMessage, type Receipt } from '@bluelamp/client';
import { session } from '@bluelamp/ui/session';
import { emergency } from '../emergency/emergency.svelte';
import { incidents } from '../incidents/incidents.svelte';
import { whereabouts } from '../map/whereabouts.svelte';
import { tracking } from '../status/tracking.svelte';
import { line } from './line.svelte';

class Live {
  health: LiveHealth | null = $state.raw(null);
  standing = $derived(this.health?.state === 'connected');
  #line: LiveLine | null = null;
  #wanted = '';
  #fresh = true;

  /** Opens it; the function that is returned closes it for good. */
  start(): () => void {
    this.#line = openLive({ follow: this.#follow(), onMessage: (message) => this.#heard(message), onHealth: (health) => this.#told(health) });
    tracking.overLive = (position) => this.#line?.position(position) ?? false;
    return () => {
      this.#line?.close();
      this.#line = this.health = null;
      tracking.overLive = () => false;
    };
  }

  #told(health: LiveHealth): void {
    if (health.state === 'offline') this.#fresh = true;
    this.health = health;
  }

  /** These incidents from here on. */
  want(ids: string[]): void {
    const wanted = [...new Set(ids)].sort().join(',');
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#line?.follow(this.#follow());
  }

  #follow(): Follow {
    return { incidents: this.#wanted.split(',').filter(Boolean), mine: true };
  }

  /** What was missed before the line stood; asked for once each time it comes back, not each time something else is followed. */
  #ready(ids: string[]): void {
    if (this.#fresh) {
      incidents.ask();
      emergency.heard();
    }
    this.#fresh = false;
    for (const id of ids) void incidents.look(id).catch(() => undefined);
  }

  #heard(message: LiveMessage): void {
    line.hear();
    if (message.type === 'event') {
      incidents.heard(message.event.incident, message.event.sequence);
      if (message.event.kind.startsWith('emergency.')) emergency.heard();
    } else if (message.type === 'receipt') incidents.heardReceipt(message.receipt as unknown as Receipt & { incident: string });
    else if (message.type === 'positions') whereabouts.heard(message.items);
    else if (message.type === 'mine') incidents.ask();
    else if (message.type === 'listed') void incidents.listed(message.incident);
    else if (message.type === 'unlisted') void incidents.unlisted(message.incident);
    else if (message.type === 'removed') void incidents.look(message.incident).catch(() => undefined);
    else if (message.type === 'untracked') tracking.untracked();
    else if (message.type === 'signed_out') void session.ask();
    else if (message.type === 'ready') this.#ready(message.incidents);
  }
}

export const live = new Live();
