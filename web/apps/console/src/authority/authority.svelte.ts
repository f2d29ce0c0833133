// What this person should know of authority: how many requests wait for them to decide, and what became of their own.
import { api } from '@bluelamp/client';
import { MAY } from '../shell/permissions';
import { session } from '../shell/session.svelte';

export interface News {
  id: string;
  words: string;
  good: boolean;
}

const DECIDED: Record<string, string> = {
  granted: 'Your authority is given.', refused: 'Your request for authority was refused.', expired: 'An authority of yours has ended.',
};

class AuthorityNews {
  /** Requests of the agency that wait, for who may decide. */
  waiting = $state(0);
  news: News[] = $state.raw([]);
  #listeners = new Set<(id: string) => void>();

  async count(): Promise<void> {
    if (!session.may(MAY.giveAuthority)) return;
    try {
      const page = await api.authority.list({ whose: 'agency', state: 'asked', limit: 200 });
      this.waiting = page.items.filter((held) => held.can_decide).length;
    } catch {
      // The page of authority says what is wrong; the count alone is not worth an alarm.
    }
  }

  /** Called with the id whenever something became of an authorisation; returns what stops it. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  told(type: string, data: Record<string, unknown>): void {
    const id = String(data.id ?? '');
    for (const tell of this.#listeners) tell(id);
    const mine = data.person === session.me?.id;
    const who = String(data.person_name ?? 'Somebody');
    if (type === 'authority_decided' || type === 'authority_ending') {
      void this.count();
      const words = type === 'authority_ending' ? 'An authority of yours ends soon.' : DECIDED[String(data.state)];
      if (mine && words) this.#add({ id, words, good: data.state === 'granted' });
    } else if (!mine && session.may(MAY.giveAuthority)) {
      void this.count();
      if (type === 'authority_asked') this.#add({ id, words: `${who} asks for authority.`, good: true });
      if (type === 'authority_waiting') this.#add({ id, words: `${who} still waits for your answer.`, good: false });
      if (type === 'authority_override') this.#add({ id, words: `${who} has used the emergency override.`, good: false });
    }
  }

  #add(news: News): void {
    this.news = [news, ...this.news.filter((known) => known.id !== news.id)].slice(0, 3);
  }

  seen(id: string): void {
    this.news = this.news.filter((known) => known.id !== id);
  }

  forget(): void {
    this.waiting = 0;
    this.news = [];
  }
}

export const authority = new AuthorityNews();
