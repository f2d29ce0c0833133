// A second tap of a gloved thumb is not a second report.
const AFTER_MS = 800;

/** When something else than the last thing was touched or written in: what comes after that is meant. */
let elsewhereAt = 0;
let touched: EventTarget | null = null;
for (const kind of ['pointerdown', 'input']) {
  document.addEventListener(kind, ({ target }) => {
    if (target === touched) return;
    touched = target;
    elsewhereAt = performance.now();
  }, true);
}

/** The same work, deaf while it runs and, unless it came to nothing (`false`), for a moment to more taps in the same place. */
export function once<A extends unknown[]>(work: (...given: A) => Promise<boolean | undefined>): (...given: A) => Promise<void> {
  let running = false;
  let doneAt = -Infinity;
  return async (...given) => {
    if (running || (performance.now() - doneAt < AFTER_MS && elsewhereAt < doneAt)) return;
    running = true;
    try {
      if ((await work(...given)) !== false) doneAt = performance.now();
    } finally {
      running = false;
    }
  };
}
