// What this device keeps, sealed. Every record is encrypted (AES-GCM, 256 bits) under a key that the browser never gives away and that
// is dropped at sign-out: what is left on a lost phone then is noise. Each person has a key of their own.

const NAME = 'bluelamp-officer';
const STORES = ['kept', 'outbox', 'parts'] as const;
export type Store = (typeof STORES)[number];

interface Sealed {
  owner: string;
  id: string;
  iv: Uint8Array<ArrayBuffer>;
  bytes: ArrayBuffer;
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The store of this device failed.'));
  });
}

function database(): Promise<IDBDatabase> {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('keys', { keyPath: 'owner' });
    for (const store of STORES) opening.result.createObjectStore(store, { keyPath: ['owner', 'id'] });
  };
  return finished(opening);
}

/** Written when the change is on the disk, not before: what a person entered must survive the next moment. */
function written(db: IDBDatabase, stores: string[], change: (tx: IDBTransaction) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const tx = db.transaction(stores, 'readwrite', { durability: 'strict' });
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new Error('The store of this device is full or failed.'));
    change(tx);
  });
}

const everythingOf = (owner: string): IDBKeyRange => IDBKeyRange.bound([owner], [owner, []]);

export class Vault {
  readonly owner: string;
  readonly #db: IDBDatabase;
  readonly #key: CryptoKey;

  private constructor(owner: string, db: IDBDatabase, key: CryptoKey) {
    this.owner = owner;
    this.#db = db;
    this.#key = key;
  }

  /** The person's vault; made if it is their first time here. Needs a safe line (https or localhost): browsers seal nowhere else. */
  static async open(owner: string): Promise<Vault> {
    const db = await database();
    const known = (await finished(db.transaction('keys').objectStore('keys').get(owner))) as { key: CryptoKey } | undefined;
    const key = known?.key ?? (await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']));
    if (!known) await written(db, ['keys'], (tx) => tx.objectStore('keys').put({ owner, key }));
    void navigator.storage?.persist?.();
    return new Vault(owner, db, key);
  }

  /** Whose vaults are on this device. */
  static async owners(): Promise<string[]> {
    const db = await database();
    const keys = (await finished(db.transaction('keys').objectStore('keys').getAllKeys())) as string[];
    db.close();
    return keys;
  }

  async put(store: Store, id: string, value: unknown): Promise<void> {
    await this.putBytes(store, id, new TextEncoder().encode(JSON.stringify(value)));
  }

  async putBytes(store: Store, id: string, bytes: BufferSource): Promise<void> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: this.#label(store, id) }, this.#key, bytes);
    const record: Sealed = { owner: this.owner, id, iv, bytes: sealed };
    await written(this.#db, [store], (tx) => tx.objectStore(store).put(record));
  }

  async get<T>(store: Store, id: string): Promise<T | null> {
    const bytes = await this.getBytes(store, id);
    return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as T) : null;
  }

  async getBytes(store: Store, id: string): Promise<ArrayBuffer | null> {
    const record = (await finished(this.#db.transaction(store).objectStore(store).get([this.owner, id]))) as Sealed | undefined;
    return record ? this.#unseal(store, record) : null;
  }

  /** All of a store, by id: ids are made in the order of time. A record that cannot be opened is left out. */
  async all<T>(store: Store): Promise<T[]> {
    const records = (await finished(this.#db.transaction(store).objectStore(store).getAll(everythingOf(this.owner)))) as Sealed[];
    const opened = await Promise.all(records.map((record) => this.#unseal(store, record).catch(() => null)));
    return opened.filter((bytes) => bytes !== null).map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
  }

  async remove(store: Store, ...ids: string[]): Promise<void> {
    await written(this.#db, [store], (tx) => ids.forEach((id) => tx.objectStore(store).delete([this.owner, id])));
  }

  /** Forgets what was seen, but not what waits to be sent. */
  async forgetSeen(): Promise<void> {
    await written(this.#db, ['kept'], (tx) => tx.objectStore('kept').delete(everythingOf(this.owner)));
  }

  /** Drops the key first, so that whatever happens next nothing can be read, and then all that was sealed under it. */
  async destroy(): Promise<void> {
    await written(this.#db, ['keys'], (tx) => tx.objectStore('keys').delete(this.owner));
    await written(this.#db, [...STORES], (tx) => STORES.forEach((store) => tx.objectStore(store).delete(everythingOf(this.owner))));
    this.#db.close();
  }

  close(): void {
    this.#db.close();
  }

  #label(store: Store, id: string): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(`${store}/${this.owner}/${id}`);
  }

  #unseal(store: Store, record: Sealed): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt({ name: 'AES-GCM', iv: record.iv, additionalData: this.#label(store, record.id) }, this.#key, record.bytes);
  }
}
