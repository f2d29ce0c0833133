// Ids made here, in the order of time: what is sent again under the same one is recognised and kept once.
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 48 bits of milliseconds and 80 of chance, 26 characters. */
export function ulid(atMs: number = Date.now()): string {
  let time = '';
  for (let rest = atMs, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) time = LETTERS[rest % 32] + time;
  return time + Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => LETTERS[byte % 32]).join('');
}
