// The service worker: keeps the shell, so that the app opens without signal. It never touches what the API says: that is kept sealed
// by the app itself, and a stale answer that looks fresh would be worse than none.
//
// A version is the hash of its file names. A new one is fetched whole beside the old one, and takes over when no page uses the old one
// any more, or when the person says so: what somebody is typing is never reloaded under them.
declare const self: ServiceWorkerGlobalScope;

const SHELL = '__SHELL__' as unknown as string[];
const NAME = 'bluelamp-shell-__VERSION__';

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(SHELL.map((url) => new Request(url, { cache: 'no-cache' })))));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith('bluelamp-shell-') && name !== NAME);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'take over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/officer/') event.respondWith(shell('/officer/', request));
  else if (SHELL.includes(url.pathname)) event.respondWith(shell(url.pathname, request));
});

/** From this version's own cache: page and scripts always belong together. */
async function shell(path: string, request: Request): Promise<Response> {
  const kept = await (await caches.open(NAME)).match(path);
  return kept ?? fetch(request);
}

export {};
