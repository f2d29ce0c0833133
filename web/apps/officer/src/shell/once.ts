// A second tap of a gloved thumb is not a second report.
const AFTER_MS = 600;

/** The same work, deaf while it runs and, unless it came to nothing (`false`), for a moment afterwards. */
export function once<A extends unknown[]>(work: (...given: A) => Promise<boolean | undefined>): (...given: A) => Promise<void> {
  let until = 0;
  return async (...given) => {
    if (performance.now() < until) return;
    until = Infinity;
    let done: boolean | undefined = false;
    try {
      done = await work(...given);
    } finally {
      until = done === false ? 0 : performance.now() + AFTER_MS;
    }
  };
}
