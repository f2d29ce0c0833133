// Who is signed in and what they may do. Pages ask `session.may(...)`; the server decides all the same.
import { ApiError, api, inWords, onLocked, onSignedOut, onStepUp, passkeys, signedIn, type Me } from '@bluelamp/client';

/** Written to when a session begins, ends, is locked or opened: the other tabs then look. */
const TOLD = 'bluelamp-session';

class Session {
  me: Me | null = $state.raw(null);
  state: 'asking' | 'out' | 'in' | 'unreachable' = $state('asking');
  problem = $state('');
  ended = $state(false);
  /** Whose screen is locked; what stood on it is kept behind. */
  lockedFor = $state('');
  /** A request waits for a recent proof. */
  proving: ((proved: boolean) => void) | null = $state.raw(null);
  /** Somebody failed to sign in in this person's name; they are told once. */
  warned = $state(true);

  constructor() {
    onSignedOut(() => {
      if (this.state === 'in') this.ended = true;
      this.#out();
    });
    onLocked((error) => (this.lockedFor = String(error.problem.name ?? this.me?.name ?? 'somebody')));
    onStepUp(() => {
      this.proving?.(false);
      return new Promise((resolve) => (this.proving = resolve));
    });
    addEventListener('storage', (event) => {
      if (event.key === TOLD) void this.#look();
    });
  }

  async #look(): Promise<void> {
    await this.ask();
    // Signed out in another tab, which cleared its own.
    if (this.state === 'out') sessionStorage.clear();
  }

  #tell(): void {
    localStorage.setItem(TOLD, String(Date.now()));
  }

  #out(): void {
    this.me = null;
    this.state = 'out';
    this.lockedFor = '';
    signedIn(false);
  }

  async ask(): Promise<void> {
    try {
      this.#in(await api.session.me());
    } catch (error) {
      if (error instanceof ApiError && error.code === 'session_locked') return;
      // Whoever is known goes on, locked or not: a line that fails for a moment takes nothing away.
      if (this.me && error instanceof ApiError && (error.status === 0 || error.status >= 500)) return;
      this.me = null;
      this.lockedFor = '';
      this.state = error instanceof ApiError && error.status === 401 ? 'out' : 'unreachable';
      this.problem = inWords(error);
    }
  }

  #in(me: Me): void {
    // Somebody else signed on in another tab: what stands here is not theirs.
    if (this.me && this.me.id !== me.id) location.reload();
    this.me = me;
    this.state = 'in';
    this.ended = false;
    this.lockedFor = '';
    signedIn(true);
  }

  /** Goes on with what was known of the person before the line was lost; the platform decides again once it is back. */
  goOnWith(me: Me): void {
    this.me = me;
    this.state = 'in';
  }

  /** After a proof: the screen opens, here and in other tabs. */
  async opened(): Promise<void> {
    await this.ask();
    this.#tell();
  }

  async signIn(username: string, password: string): Promise<void> {
    await api.session.signIn(username, password);
    this.warned = false;
    await this.opened();
  }

  async signInByPasskey(): Promise<void> {
    this.#in(await passkeys.signIn());
    this.warned = false;
    this.#tell();
  }

  async lock(): Promise<void> {
    this.lockedFor = this.me?.name ?? 'somebody';
    this.proving?.(false);
    this.proving = null;
    try {
      await api.account.lock();
    } catch {
      // The screen stays shut; the server locks an idle session by itself.
    }
    this.#tell();
  }

  settle(proved: boolean): void {
    this.proving?.(proved);
    this.proving = null;
  }

  async signOut(): Promise<void> {
    let onward: string | null = null;
    try {
      // Who came through a provider is signed out there too.
      if (this.me?.session?.method === 'provider') onward = (await api.session.signOutOfProvider()).href;
      else await api.session.signOut();
    } finally {
      // A tab that other people may use next keeps nothing of this person's work.
      sessionStorage.clear();
      this.#out();
      this.ended = false;
      this.#tell();
    }
    if (onward) location.assign(onward);
  }

  may(permission: string): boolean {
    return this.me?.permissions.includes(permission) ?? false;
  }
}

/** Where to sign in or prove oneself at a provider, and then come back to this very page. */
export function onward(href: string, fresh = false): string {
  const asked = new URLSearchParams(location.search);
  asked.delete('sign_in_refused');
  const to = location.pathname + (asked.size ? `?${asked}` : '');
  return `${href}?${new URLSearchParams({ to, ...(fresh ? { fresh: 'true' } : {}) })}`;
}

export const session = new Session();
