// The live line of incidents: one WebSocket for each tab, opened again whenever it falls silent, resumed where it stopped (docs/live.md).

export interface Moved {
  resource: string;
  /** It leaves the map; then there is nothing else. */
  gone?: boolean;
  call_sign: string;
  agency: string;
  latitude: number;
  longitude: number;
  at: string;
}

interface Told {
  onHeard: () => void;
  onUp: (up: boolean) => void;
  onEvent: (incident: string, kind: string) => void;
  onMoved: (items: Moved[]) => void;
}

interface Message {
  type: string;
  cursor?: string;
  incident?: string;
  items?: Moved[];
  event?: { incident?: string; kind?: string };
}

/** Heartbeats come every five seconds. */
const SILENT_AFTER_MS = 14_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];
const SIGNED_OUT = 4401;

/** Follows all that the agency sees; returns what closes it for good. */
export function openLine(told: Told): () => void {
  let socket: WebSocket | null = null;
  let cursor: string | null = null;
  let heard = 0;
  let attempt = 0;
  let over = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function receive(message: Message): void {
    heard = Date.now();
    attempt = 0;
    told.onHeard();
    if (message.cursor) cursor = message.cursor;
    if (message.type === 'ready') told.onUp(true);
    else if (message.type === 'event') told.onEvent(message.event?.incident ?? '', message.event?.kind ?? '');
    else if (message.type === 'positions') told.onMoved(message.items ?? []);
    else if (message.type === 'removed') told.onEvent(message.incident ?? '', '');
  }

  function open(): void {
    const here = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/live`);
    socket = here;
    heard = Date.now();
    here.onopen = () => here.send(JSON.stringify({ type: 'follow', incidents: [], agency: true, window: null, since: cursor }));
    here.onmessage = (message: MessageEvent<string>) => {
      if (socket === here) receive(JSON.parse(message.data) as Message);
    };
    here.onclose = ({ code }) => {
      if (socket !== here || over) return;
      socket = null;
      told.onUp(false);
      // Signed out: the page notices by its own questions, and the shell closes the line.
      if (code === SIGNED_OUT) return;
      const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!;
      attempt += 1;
      // Not all consoles of a room at the same moment.
      retry = setTimeout(open, wait * (0.5 + Math.random()));
    };
  }

  const watch = setInterval(() => {
    if (!socket || Date.now() - heard < SILENT_AFTER_MS) return;
    const silent = socket;
    socket = null;
    silent.onclose = null;
    silent.close();
    told.onUp(false);
    open();
  }, 3_000);

  open();
  return () => {
    over = true;
    clearInterval(watch);
    clearTimeout(retry);
    socket?.close();
    socket = null;
  };
}
