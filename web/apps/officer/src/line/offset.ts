// How far this device's clock is from the platform's. A phone's clock may be an hour off; what it says happened must not be.
export interface Measured {
  /** Platform minus device, milliseconds. */
  offset: number;
  /** Half of how far the measurement may be wrong. */
  doubt: number;
}

/**
 * From one answer: the platform's clock lay between `sent` and `back`. `resolution` is the grain of what it said: a Date header says
 * whole seconds, cut off.
 */
export function measure(sent: number, back: number, platform: number, resolution: number): Measured {
  return { offset: platform + resolution / 2 - (sent + back) / 2, doubt: (back - sent + resolution) / 2 };
}

/** A new measurement counts where it is surer, or where the old one cannot be true any more: the device's clock was set. */
export function better(old: Measured | null, fresh: Measured): Measured {
  if (!old || fresh.doubt <= old.doubt) return fresh;
  return Math.abs(fresh.offset - old.offset) > fresh.doubt + old.doubt ? fresh : old;
}

/** What to add to this device's clock: nothing where the difference is no larger than the doubt. */
export function correction(measured: Measured): number {
  return Math.abs(measured.offset) <= measured.doubt ? 0 : measured.offset;
}
