// Who is signed in and what they may do. Pages ask `session.may(...)`; the server decides all the same.
import { ApiError, api, inWords, onSignedOut, type Me } from '@bluelamp/client';

class Session {
  me: Me | null = $state.raw(null);
  state: 'asking' | 'out' | 'in' | 'unreachable' = $state('asking');
  problem = $state('');
  ended = $state(false);

  constructor() {
    onSignedOut(() => {
      if (this.state === 'in') this.ended = true;
      this.me = null;
      this.state = 'out';
    });
  }

  async ask(): Promise<void> {
    try {
      this.me = await api.session.me();
      this.state = 'in';
      this.ended = false;
    } catch (error) {
      this.me = null;
      this.state = error instanceof ApiError && error.status === 401 ? 'out' : 'unreachable';
      this.problem = inWords(error);
    }
  }

  async signIn(username: string, password: string): Promise<void> {
    await api.session.signIn(username, password);
    await this.ask();
  }

  async signOut(): Promise<void> {
    try {
      await api.session.signOut();
    } finally {
      // A tab that other people may use next keeps nothing of this person's work.
      sessionStorage.clear();
      this.me = null;
      this.state = 'out';
      this.ended = false;
    }
  }

  may(permission: string): boolean {
    return this.me?.permissions.includes(permission) ?? false;
  }
}

export const session = new Session();
