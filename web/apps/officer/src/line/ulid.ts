// Ids made on the device, so that a repeat is recognised and what was made without signal can be spoken of at once (ULID: 48 bits of
// time, 80 of chance, Crockford's base 32). Within a millisecond they still rise, so that order by id is order of making.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
let last = 0;
let chance: number[] = [];

function rise(): void {
  for (let i = chance.length - 1; i >= 0; i -= 1) {
    if (chance[i]! < 31) {
      chance[i]! += 1;
      return;
    }
    chance[i] = 0;
  }
}

export function ulid(atMs: number): string {
  // A clock that was set back must not make an id that sorts before what was made already.
  const at = Math.max(last, Math.floor(atMs));
  if (at === last && chance.length) rise();
  else chance = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte & 31);
  last = at;
  let time = '';
  for (let rest = at, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32]! + time;
  return time + chance.map((digit) => ALPHABET[digit]).join('');
}
