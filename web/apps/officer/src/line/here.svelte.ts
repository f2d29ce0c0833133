// Where this device is. Looked up only while a page needs it or while on duty; nothing is asked of the browser before.
import type { Place } from '@bluelamp/client';

export interface Fix {
  latitude: number;
  longitude: number;
  accuracy_m: number;
  /** By this device's clock, epoch milliseconds. */
  at: number;
  speed: number | null;
  heading: number | null;
}

const REFUSED = 'This device does not say where it is. Allow the location for this page, or write the place.';
const FRESH_MS = 120_000;

class Here {
  fix: Fix | null = $state.raw(null);
  problem = $state('');
  #users = 0;
  #watch = 0;
  #told: ((fix: Fix) => void)[] = [];

  /** Keeps the position up to date until the function that is returned is called. */
  follow(told?: (fix: Fix) => void): () => void {
    if (told) this.#told.push(told);
    this.#users += 1;
    if (this.#users === 1) this.#start();
    return () => {
      this.#told = this.#told.filter((other) => other !== told);
      this.#users -= 1;
      if (!this.#users) navigator.geolocation?.clearWatch(this.#watch);
    };
  }

  #start(): void {
    if (!('geolocation' in navigator)) {
      this.problem = REFUSED;
      return;
    }
    this.#watch = navigator.geolocation.watchPosition(this.#found, this.#failed, { enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000 });
  }

  /** Asks the device anew: it says nothing by itself while it stands still. */
  refresh(): void {
    navigator.geolocation?.getCurrentPosition(this.#found, this.#failed, { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 });
  }

  readonly #found = ({ coords, timestamp }: GeolocationPosition): void => {
    this.problem = '';
    const fix = {
      latitude: coords.latitude, longitude: coords.longitude, accuracy_m: Math.min(coords.accuracy, 100_000), at: timestamp,
      speed: coords.speed, heading: coords.heading,
    };
    this.fix = fix;
    this.#told.forEach((tell) => tell(fix));
  };

  readonly #failed = (error: GeolocationPositionError): void => {
    this.problem = error.code === error.PERMISSION_DENIED ? REFUSED : 'No position yet. Go where there is a view of the sky, or write the place.';
  };

  /** As an event says it; null where the device does not know, or has not known for two minutes. */
  place(): Place | null {
    const fix = this.fix;
    if (!fix || Date.now() - fix.at > FRESH_MS) return null;
    return { latitude: fix.latitude, longitude: fix.longitude, accuracy_m: Math.round(fix.accuracy_m), source: 'gps' };
  }
}

export const here = new Here();
