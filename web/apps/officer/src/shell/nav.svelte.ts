// Where in the app somebody is. Pages live behind the `#`: one address on the server, and nothing to fetch when the page changes.

/** Each page's path; `:name` stands for a part. */
export const PAGES = {
  incidents: '/',
  incident: '/incident/:id',
  chat: '/incident/:id/chat',
  report: '/incident/:id/report',
  casualties: '/incident/:id/casualties',
  casualty: '/incident/:id/casualties/:casualty',
  vehicle: '/incident/:id/vehicle',
  camera: '/incident/:id/camera',
  draw: '/incident/:id/draw',
  people: '/incident/:id/people',
  incidentMap: '/incident/:id/map',
  open: '/open',
  map: '/map',
  status: '/status',
  more: '/more',
  outbox: '/outbox',
} as const;
export type PageName = keyof typeof PAGES;

export interface Found {
  page: PageName;
  params: Record<string, string>;
}

export function find(path: string): Found | null {
  const parts = path.split('/').filter(Boolean);
  for (const [page, pattern] of Object.entries(PAGES) as [PageName, string][]) {
    const wanted = pattern.split('/').filter(Boolean);
    if (wanted.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((piece, i) => {
      if (!piece.startsWith(':')) return piece === parts[i];
      params[piece.slice(1)] = parts[i]!;
      return /^[0-9A-Za-z]{1,36}$/.test(parts[i]!);
    });
    if (fits) return { page, params };
  }
  return null;
}

class Nav {
  path = $state(Nav.#read());
  found = $derived(find(this.path) ?? { page: 'incidents' as const, params: {} });

  constructor() {
    addEventListener('hashchange', () => {
      this.path = Nav.#read();
      scrollTo(0, 0);
    });
  }

  static #read(): string {
    return location.hash.slice(1) || '/';
  }

  go(path: string): void {
    location.hash = path;
  }

  /** Leaves a page that is done without keeping it in the history: back never returns to a form that was sent. */
  replace(path: string): void {
    history.replaceState(null, '', `#${path}`);
    this.path = path;
    scrollTo(0, 0);
  }
}

export const nav = new Nav();
