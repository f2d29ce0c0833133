// The service worker's life: installed at the first visit, and a newer one offered when it has arrived whole.

class Upgrades {
  ready = $state(false);
  #waiting: ServiceWorker | null = null;

  watch(): void {
    if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
    void this.#register();
    // The page that asked for the newer version is loaded again under it, once.
    let asked = false;
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (this.ready && !asked) {
        asked = true;
        location.reload();
      }
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
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') void registration.update().catch(() => undefined);
      });
    } catch {
      // No signal at the first visit, or a browser that allows no workers: the app works, but does not open without signal.
    }
  }

  #offer(worker: ServiceWorker): void {
    this.#waiting = worker;
    this.ready = true;
  }

  take(): void {
    this.#waiting?.postMessage('take over');
  }
}

export const upgrades = new Upgrades();
