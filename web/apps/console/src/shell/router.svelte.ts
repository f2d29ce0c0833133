// The address bar is the console's state: every page has a path, the back button works, a link can be sent to a colleague.
import type { Component } from 'svelte';
import { asked } from '../reviews/asked.svelte';
import { MAY } from './permissions';

// A page takes the parameters of its own path as properties; the compiler cannot follow the path's text.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Page = Component<any>;

export interface Route {
  path: string;
  title: string;
  load: () => Promise<{ default: Page }>;
  /** In the main navigation. */
  nav?: boolean;
  /** Any one of these opens the page; none named: everybody who is signed in. */
  needs?: readonly string[];
  /** Stands in the navigation only while this says so. */
  when?: () => boolean;
  wide?: boolean;
  /** Fills the screen, without the bar. */
  bare?: boolean;
}

// The server answers exactly these paths with the console (src/bluelamp/app/static.py); a test compares both.
export const ROUTES: readonly Route[] = [
  { path: '/', title: 'Live', nav: true, needs: [MAY.viewHits], wide: true, load: () => import('../live/LivePage.svelte') },
  { path: '/incidents', title: 'Incidents', nav: true, needs: [MAY.viewIncidents], wide: true, load: () => import('../incidents/IncidentsPage.svelte') },
  { path: '/incidents/wall', title: 'Wall board', needs: [MAY.viewIncidents], wide: true, bare: true, load: () => import('../incidents/WallPage.svelte') },
  { path: '/incidents/handovers', title: 'Hand-overs', needs: [MAY.viewTransfers, MAY.viewPartners], wide: true, load: () => import('../incidents/HandoversPage.svelte') },
  { path: '/incidents/times', title: 'How long things took', needs: [MAY.viewTimes], wide: true, load: () => import('../incidents/TimesPage.svelte') },
  { path: '/incidents/:id', title: 'Incident', needs: [MAY.viewIncidents], wide: true, load: () => import('../incidents/RoomPage.svelte') },
  { path: '/resources', title: 'Resources', nav: true, needs: [MAY.dispatch, MAY.manageResources], wide: true, load: () => import('../incidents/ResourcesPage.svelte') },
  { path: '/search', title: 'Search', nav: true, needs: [MAY.search], load: () => import('../search/SearchPage.svelte') },
  { path: '/search/:id', title: 'Search result', needs: [MAY.search], load: () => import('../search/ResultPage.svelte') },
  { path: '/vehicle', title: 'Vehicle', nav: true, needs: [MAY.search], load: () => import('../vehicle/FindPage.svelte') },
  { path: '/vehicle/:vrm', title: 'Vehicle', needs: [MAY.search], load: () => import('../vehicle/VehiclePage.svelte') },
  { path: '/preserved', title: 'Preserved', nav: true, needs: [MAY.viewPreserved], load: () => import('../preserved/PreservedPage.svelte') },
  { path: '/lists', title: 'Lists', nav: true, needs: [MAY.viewLists, MAY.manageLists], load: () => import('../lists/ListsPage.svelte') },
  { path: '/lists/:id', title: 'List', needs: [MAY.viewLists, MAY.manageLists], load: () => import('../lists/ListPage.svelte') },
  { path: '/cameras', title: 'Cameras', nav: true, needs: [MAY.viewCameras], load: () => import('../cameras/CamerasPage.svelte') },
  { path: '/cameras/:id', title: 'Camera', needs: [MAY.viewCameras], load: () => import('../cameras/CameraPage.svelte') },
  { path: '/sources', title: 'Sources', nav: true, needs: [MAY.viewSources, MAY.manageSources], load: () => import('../sources/SourcesPage.svelte') },
  { path: '/sources/:id', title: 'Source', needs: [MAY.viewSources, MAY.manageSources], load: () => import('../sources/SourcePage.svelte') },
  { path: '/rejects', title: 'Rejects', nav: true, needs: [MAY.viewRejects], load: () => import('../sources/RejectsPage.svelte') },
  { path: '/users', title: 'Users', nav: true, needs: [MAY.manageUsers], load: () => import('../people/UsersPage.svelte') },
  { path: '/retention', title: 'Retention', nav: true, needs: [MAY.viewRetention], load: () => import('../preserved/RetentionPage.svelte') },
  { path: '/audit', title: 'Audit', nav: true, load: () => import('../audit/AuditPage.svelte') },
  { path: '/reviews', title: 'Reviews', nav: true, needs: [MAY.decideReviews, MAY.viewReviewFigures], wide: true, load: () => import('../reviews/ReviewsPage.svelte') },
  { path: '/my-reviews', title: 'Asked of you', nav: true, needs: [MAY.explainLooks], when: () => asked.waits, load: () => import('../reviews/MyReviewsPage.svelte') },
  { path: '/transparency', title: 'What the public is told', load: () => import('../reviews/TransparencyPage.svelte') },
  { path: '/authority', title: 'Authority', nav: true, needs: [MAY.askAuthority], load: () => import('../authority/AuthorityPage.svelte') },
  { path: '/authority/:id', title: 'Authority for one case', needs: [MAY.askAuthority], load: () => import('../authority/OnePage.svelte') },
  { path: '/policy', title: 'Policy', nav: true, needs: [MAY.explainPolicy], load: () => import('../authority/PolicyPage.svelte') },
  { path: '/account', title: 'Your account', load: () => import('../people/AccountPage.svelte') },
  { path: '/handover', title: 'Hand over', needs: [MAY.handOver], load: () => import('../live/HandoverPage.svelte') },
  { path: '/help', title: 'Help', load: () => import('./HelpPage.svelte') },
];

export interface Match {
  route: Route;
  params: Record<string, string>;
}

export function matchPath(pathname: string): Match | null {
  const parts = pathname.split('/').filter(Boolean);
  for (const route of ROUTES) {
    const wanted = route.path.split('/').filter(Boolean);
    if (wanted.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((piece, i) => {
      if (!piece.startsWith(':')) return piece === parts[i];
      try {
        params[piece.slice(1)] = decodeURIComponent(parts[i]!);
        return true;
      } catch {
        return false;
      }
    });
    if (fits) return { route, params };
  }
  return null;
}

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  match = $derived(matchPath(this.path));

  constructor() {
    addEventListener('popstate', () => this.#read());
    addEventListener('click', (event) => this.#click(event));
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (!matchPath(link.pathname)) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }

  go(address: string): void {
    history.pushState(null, '', address);
    this.#read();
    scrollTo(0, 0);
  }

  /** Changes the address without a new step in the history. */
  replace(address: string): void {
    history.replaceState(null, '', address);
    this.#read();
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.search);
  }
}

export const router = new Router();
