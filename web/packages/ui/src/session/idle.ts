// Notices when nobody has touched this browser for some minutes, in any of its tabs.
const KEY = 'bluelamp-active';
const NOTE_EVERY_MS = 5_000;

function lastActive(): number {
  return Number(localStorage.getItem(KEY) ?? 0);
}

/** Calls `idle` once nobody has used key or pointer for `minutes` (0: never); returns a function that stops watching. */
export function watchIdle(minutes: number, idle: () => void): () => void {
  if (!minutes) return () => undefined;
  let noted = 0;
  const note = (): void => {
    const now = Date.now();
    if (now - noted < NOTE_EVERY_MS) return;
    noted = now;
    localStorage.setItem(KEY, String(now));
  };
  note();
  const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;
  for (const sign of signs) addEventListener(sign, note, { passive: true, capture: true });
  const watch = setInterval(() => {
    if (Date.now() - lastActive() >= minutes * 60_000) idle();
  }, NOTE_EVERY_MS);
  return () => {
    clearInterval(watch);
    for (const sign of signs) removeEventListener(sign, note, { capture: true });
  };
}
