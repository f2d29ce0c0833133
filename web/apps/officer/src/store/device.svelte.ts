// Who this device belongs to at the moment, and the vault that is open for them.
import { ApiError, api, type Me } from '@bluelamp/client';
import { session } from '@bluelamp/ui/session';
import { Vault } from './vault';

/** Opaque id of whoever used the app here last: whose vault to try without signal. */
const OWNER = 'bluelamp-officer-owner';
/** Signed out without signal: the platform has yet to be told. */
const LEAVING = 'bluelamp-officer-leaving';

class Device {
  vault: Vault | null = $state.raw(null);
  problem = $state('');
  #last: Promise<unknown> = Promise.resolve();

  /** One after the other: a vault that is being emptied is not opened meanwhile. */
  #turn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Asks who is signed in; without signal, goes on as whoever was. */
  async begin(): Promise<void> {
    if (localStorage.getItem(LEAVING) && !(await this.#left())) {
      session.state = 'unreachable';
      return;
    }
    await session.ask();
    if (session.state === 'unreachable') await this.#turn(() => this.#resume());
    else if (session.state === 'out') await this.forget();
    else if (session.lockedFor) await this.#turn(() => this.#resumeLocked());
  }

  /** Opened again on a locked screen: an emergency that is under way goes on. What else is there stays unseen. */
  async #resumeLocked(): Promise<void> {
    const vault = await this.#vaultOfLast();
    const me = await vault?.get<Me>('kept', 'me');
    if (me?.name === session.lockedFor) this.vault = vault;
    else vault?.close();
  }

  async #vaultOfLast(): Promise<Vault | null> {
    const owner = localStorage.getItem(OWNER);
    return owner && (await Vault.owners()).includes(owner) ? Vault.open(owner) : null;
  }

  /** Whether the platform knows by now that this person signed out. */
  async #left(): Promise<boolean> {
    try {
      await api.session.signOut();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) return false;
    }
    localStorage.removeItem(LEAVING);
    return true;
  }

  async #resume(): Promise<void> {
    const vault = await this.#vaultOfLast();
    const me = await vault?.get<Me>('kept', 'me');
    if (!me) return vault?.close();
    this.vault = vault;
    session.goOnWith(me);
  }

  /** Opens the vault of whoever has just signed in. */
  enter(me: Me): Promise<void> {
    return this.#turn(() => this.#enter(me));
  }

  async #enter(me: Me): Promise<void> {
    try {
      if (this.vault?.owner !== me.id) {
        this.vault?.close();
        this.vault = await Vault.open(me.id);
        localStorage.setItem(OWNER, me.id);
        localStorage.removeItem(LEAVING);
      }
      await this.vault.put('kept', 'me', me);
      this.problem = '';
    } catch {
      this.problem = 'This browser cannot keep anything safely: private mode, or an address without https. Nothing you enter would survive.';
    }
  }

  /** Nobody is signed in: what was seen is forgotten on this device. What waits to be sent stays sealed until its writer signs in. */
  forget(): Promise<void> {
    return this.#turn(() => this.#forget());
  }

  async #forget(): Promise<void> {
    this.vault?.close();
    this.vault = null;
    for (const owner of await Vault.owners()) {
      const vault = await Vault.open(owner);
      if ((await vault.all('outbox')).length) {
        await vault.forgetSeen();
        vault.close();
      } else await vault.destroy();
    }
  }

  /** Drops the key and everything under it, also what was not sent; then tells the platform, now or when there is signal. */
  async signOut(): Promise<void> {
    await this.#turn(async () => {
      await this.vault?.destroy();
      this.vault = null;
    });
    localStorage.removeItem(OWNER);
    localStorage.setItem(LEAVING, '1');
    try {
      await session.signOut();
      localStorage.removeItem(LEAVING);
    } catch {
      // Told at the next opening with signal; without the key nothing here can be read meanwhile.
    }
  }
}

export const device = new Device();
