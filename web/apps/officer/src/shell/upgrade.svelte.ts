// The service worker's life: installed at the first visit, and a newer one offered when it has arrived whole.
import { line } from '../line/line.svelte';

/** How often a phone that is never put down looks for a newer version. */
const LOOK_MS = 30 * 60_000;

class Upgrades {
  ready = $state(false);
  #waiting: ServiceWorker | null = null;
  #asked = false;

  watch(): void {
    if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
    void this.#register();
    // The page that asked for the newer version is loaded again under it, once. Another window keeps what is being typed there, and its offer.
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      this.#waiting = null;
      if (this.#asked) location.reload();
    });
  }

  async #register(): Promise<void> {
    try {
      const registration = await navigator.serviceWorker.register('/officer/sw.js', { scope: '/officer/', updateViaCache: 'none' });
      if (registration.waiting && navigator.serviceWorker.controller) this.#offer(registration.waiting);
      registration.addEventListener('updatefound', () => {
        const fresh = registration.installing;
        fresh?.addEventListener('statechange', () => {
          if (fresh.state === 'installed' && navigator.serviceWorker.controller) this.#offer(fresh);
        });
      });
      const look = (): void => void registration.update().catch(() => undefined);
      document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
      setInterval(look, LOOK_MS);
      // A platform that was away may have come back newer.
      line.onBack(look);
    } catch {
      // No signal at the first visit, or a browser that allows no workers: the app works, but does not open without signal.
    }
  }

  #offer(worker: ServiceWorker): void {
    this.#waiting = worker;
    this.ready = true;
  }

  take(): void {
    this.#asked = true;
    if (this.#waiting) this.#waiting.postMessage('take over');
    else location.reload();
  }
}

export const upgrades = new Upgrades();
