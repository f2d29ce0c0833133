// The live stream of incidents: one line a device, by WebSocket, or by server-sent events where that does not open.
// It comes back by itself, goes on from the last cursor, and says how the line is.

import type { IncidentRow } from './types';

export interface Follow {
  incidents?: readonly string[];
  /** All that the caller's agency sees. */
  agency?: boolean;
  /** West, south, east, north: positions in this box too. */
  window?: readonly [number, number, number, number] | null;
  /** The caller's own list: `listed`, `unlisted` and `mine`. */
  mine?: boolean;
}

/** Where a resource is; with `gone` it leaves the map. */
export interface LivePosition {
  resource: string;
  gone?: boolean;
  call_sign?: string;
  kind?: string;
  agency?: string;
  latitude?: number;
  longitude?: number;
  at?: string;
  source?: string;
  incident?: string;
  accuracy_m?: number;
  speed_mps?: number;
  course_deg?: number;
  altitude_m?: number;
}

/** An event as `GET /v1/incidents/{incident}/events` shows it, with its incident. Order by `sequence` within one. */
export interface LiveEvent {
  incident: string;
  sequence: number;
  id: string;
  kind: string;
  at: string;
  happened_at: string;
  name: string;
  agency: string;
  call_sign: string;
  audience: string[];
  data: Record<string, unknown>;
}

export type LiveMessage =
  /** `resumed` false: load anew what is shown, something may have been missed. */
  | { type: 'ready'; cursor: string; server_time: string; incidents: string[]; resumed: boolean }
  | { type: 'event'; cursor: string; event: LiveEvent }
  | { type: 'positions'; items: LivePosition[] }
  | { type: 'receipt'; receipt: Record<string, unknown> }
  | { type: 'heartbeat'; cursor?: string; server_time: string }
  | { type: 'removed'; incident: string; cursor?: string }
  /** An open incident that the caller sees: new on their list, or it stands differently there. */
  | { type: 'listed'; incident: IncidentRow }
  | { type: 'unlisted'; incident: string }
  /** Something about the caller's unit or list has changed: ask for it. */
  | { type: 'mine' }
  | { type: 'refused'; code: string; detail: string }
  | { type: 'pong'; server_time: string }
  | { type: 'untracked' }
  | { type: 'signed_out' };

export interface LiveHealth {
  /** `late`: the line is open and nothing has come for longer than it should. */
  state: 'connected' | 'late' | 'offline';
  /** Since when it is so, epoch milliseconds. */
  since: number;
  /** When anything last came; 0 before the first. */
  heard: number;
  way: 'websocket' | 'events';
}

export interface OwnPosition {
  at: string;
  latitude: number;
  longitude: number;
  accuracy_m?: number | null;
  speed_mps?: number | null;
  course_deg?: number | null;
  altitude_m?: number | null;
}

export interface LiveLine {
  /** From here on this and nothing else. */
  follow(wanted: Follow): void;
  /** Where this device is. False: the line cannot take it now; of positions, only the newest is worth sending. */
  position(position: OwnPosition): boolean;
  close(): void;
}

interface Options {
  follow: Follow;
  /** Where an earlier line stopped. */
  since?: string | null;
  onMessage: (message: LiveMessage) => void;
  onHealth: (health: LiveHealth) => void;
}

const HEARTBEAT_MS = 5_000;
const LATE_AFTER_MS = 2.5 * HEARTBEAT_MS;
const DEAD_AFTER_MS = 5 * HEARTBEAT_MS;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30_000;
/** A line that held for so long was a good one: the next try comes soon. */
const GOOD_AFTER_MS = 10_000;
/**
 * Where so many WebSockets in a row were never heard of, something between us and the platform may not let them through: then events are
 * tried. Where those are not heard of either it is the network, and WebSockets have their turn again.
 */
const SOCKETS_TRIED = 3;
const SOCKET_AGAIN_MS = 5 * 60_000;
const OPEN_MS_MAX = 15_000;
/** `WebSocket.OPEN`, where there may be no WebSocket to ask. */
const OPEN = 1;

/** Somewhere between half of it and all of it, so that a thousand that lost their line at once do not return at once. */
function spread(ms: number): number {
  return ms / 2 + (Math.random() * ms) / 2;
}

/** Opens the line and keeps it open until it is closed: also by the page, once nobody is signed in any more. */
export function openLive(options: Options): LiveLine {
  let wanted = options.follow;
  let cursor = options.since ?? '';
  let socket: WebSocket | null = null;
  let source: EventSource | null = null;
  let ended = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  /** WebSockets in a row that were never heard of; and whether this line was. */
  let unheard = 0;
  let heardHere = false;
  let socketAgainAt = 0;
  let triedAt = 0;
  let openedAt = 0;
  const health: LiveHealth = { state: 'offline', since: Date.now(), heard: 0, way: 'websocket' };

  function report(state: LiveHealth['state']): void {
    if (state !== health.state) health.since = Date.now();
    health.state = state;
    options.onHealth({ ...health });
  }

  function drop(): void {
    const [line, events] = [socket, source];
    socket = source = null;
    line?.close();
    events?.close();
  }

  function end(): void {
    ended = true;
    clearInterval(watch);
    clearTimeout(retry);
    if (typeof removeEventListener !== 'undefined') removeEventListener('online', hurry);
    drop();
  }

  function receive(text: string): void {
    let message: LiveMessage;
    try {
      message = JSON.parse(text) as LiveMessage;
    } catch {
      return; // A broken message must not stop the stream.
    }
    health.heard = Date.now();
    if (source && !heardHere) socketAgainAt = Date.now() + SOCKET_AGAIN_MS;
    else if (socket) unheard = 0;
    heardHere = true;
    if ('cursor' in message && message.cursor) cursor = message.cursor;
    report('connected');
    options.onMessage(message);
  }

  function lost(): void {
    if (source && !heardHere) socketAgainAt = 0;
    drop();
    if (ended) return;
    report('offline');
    if (openedAt && Date.now() - openedAt > GOOD_AFTER_MS) attempt = 0;
    openedAt = 0;
    clearTimeout(retry);
    retry = setTimeout(open, spread(Math.min(RETRY_MS_MIN * 2 ** attempt, RETRY_MS_MAX)));
    attempt += 1;
  }

  function asked(): Record<string, unknown> {
    return { type: 'follow', incidents: wanted.incidents ?? [], agency: wanted.agency ?? false, window: wanted.window ?? null, mine: wanted.mine ?? false };
  }

  function openSocket(): void {
    health.way = 'websocket';
    unheard += 1;
    let here: WebSocket;
    try {
      here = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/v1/live`);
    } catch {
      // This browser, or what watches over it, allows none at all.
      unheard = SOCKETS_TRIED;
      retry = setTimeout(open, 0);
      return;
    }
    socket = here;
    here.onopen = () => {
      openedAt = Date.now();
      here.send(JSON.stringify({ ...asked(), since: cursor || null }));
    };
    here.onmessage = (message: MessageEvent<string>) => {
      if (socket === here) receive(message.data);
    };
    here.onclose = () => {
      // Also when the session ended: a proof renews it under another cookie, and then the line comes back by itself.
      if (socket === here) lost();
    };
  }

  function openEvents(): void {
    health.way = 'events';
    const query = new URLSearchParams();
    if (wanted.incidents?.length) query.set('incidents', wanted.incidents.join(','));
    if (wanted.agency) query.set('agency', 'true');
    if (wanted.window) query.set('window', wanted.window.join(','));
    if (wanted.mine) query.set('mine', 'true');
    if (cursor) query.set('since', cursor);
    const here = new EventSource(`/v1/live/events?${query.toString()}`);
    source = here;
    here.onopen = () => (openedAt = Date.now());
    // The browser's own resumption would ask again for what was asked first: ours goes on with the last cursor.
    here.onerror = () => {
      if (source === here) lost();
    };
    const kinds: LiveMessage['type'][] = ['ready', 'event', 'positions', 'receipt', 'heartbeat', 'removed', 'listed', 'unlisted', 'mine', 'refused', 'signed_out'];
    for (const kind of kinds) {
      here.addEventListener(kind, (message) => {
        if (source === here) receive((message as MessageEvent<string>).data);
      });
    }
  }

  function open(): void {
    if (ended) return;
    drop();
    triedAt = Date.now();
    heardHere = false;
    if (Date.now() < socketAgainAt) openEvents();
    else if (unheard >= SOCKETS_TRIED) {
      unheard = SOCKETS_TRIED - 1;
      openEvents();
    } else openSocket();
  }

  /** The network is back: there is no need to wait. */
  function hurry(): void {
    if (health.state === 'offline' && !socket && !source) {
      clearTimeout(retry);
      attempt = 0;
      open();
    }
  }

  const watch = setInterval(() => {
    if (!openedAt) {
      if ((socket || source) && Date.now() - triedAt > OPEN_MS_MAX) lost();
      return;
    }
    const silent = Date.now() - Math.max(health.heard, openedAt);
    if (silent > DEAD_AFTER_MS) lost();
    else if (silent > LATE_AFTER_MS) report('late');
  }, 1_000);

  if (typeof addEventListener !== 'undefined') addEventListener('online', hurry);
  report('offline');
  open();

  return {
    follow(next) {
      wanted = next;
      if (socket?.readyState === OPEN) {
        // No cursor: the line goes on from where it is.
        socket.send(JSON.stringify(asked()));
      } else if (source) {
        source.close();
        heardHere = false;
        openEvents();
      }
    },
    position(position) {
      // What waits in the browser is old when it sets out: a line that does not move takes no more of them.
      if (socket?.readyState !== OPEN || socket.bufferedAmount > 0) return false;
      socket.send(JSON.stringify({ type: 'position', sent_at: new Date().toISOString(), ...position }));
      return true;
    },
    close: end,
  };
}
