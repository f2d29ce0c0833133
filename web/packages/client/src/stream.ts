// The live stream: server-sent events that resume where they stopped, with the health of the line for the person to see.

export interface StreamEvent {
  type: string;
  id: string;
  data: unknown;
}

export interface StreamHealth {
  state: 'connecting' | 'live' | 'silent' | 'lost';
  /** When anything last arrived, epoch milliseconds; 0 before the first. */
  heard: number;
}

interface Options {
  types: readonly string[];
  since?: string | null;
  onEvent: (event: StreamEvent) => void;
  onHealth: (health: StreamHealth) => void;
}

/** Without a heartbeat for this long the line counts as silent, and is opened anew. */
const SILENT_AFTER_MS = 20_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000];

/** Opens the stream and keeps it open; returns a function that closes it for good. */
export function openStream(options: Options): () => void {
  let source: EventSource | null = null;
  let cursor = options.since ?? '';
  let heard = 0;
  let attempt = 0;
  let closed = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const report = (state: StreamHealth['state']): void => options.onHealth({ state, heard });

  function receive(type: string, message: MessageEvent<string>): void {
    heard = Date.now();
    attempt = 0;
    if (message.lastEventId) cursor = message.lastEventId;
    report('live');
    let data: unknown = null;
    try {
      data = JSON.parse(message.data);
    } catch {
      // A heartbeat may be empty; a broken event must not stop the stream.
    }
    options.onEvent({ type, id: message.lastEventId, data });
  }

  function open(): void {
    if (closed) return;
    source?.close();
    report('connecting');
    // The browser's own resumption ends with the EventSource; ours goes on with the last id.
    const here = new EventSource(cursor ? `/v1/stream?since=${encodeURIComponent(cursor)}` : '/v1/stream');
    source = here;
    here.onopen = () => {
      heard = Date.now();
      attempt = 0;
      report('live');
    };
    here.onerror = () => {
      if (source !== here || closed) return;
      here.close();
      report('lost');
      const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
      attempt += 1;
      retry = setTimeout(open, wait);
    };
    for (const type of options.types) here.addEventListener(type, (message) => receive(type, message as MessageEvent<string>));
  }

  const watch = setInterval(() => {
    if (heard && Date.now() - heard > SILENT_AFTER_MS && source?.readyState === EventSource.OPEN) {
      report('silent');
      open();
    }
  }, 5_000);

  open();
  return () => {
    closed = true;
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}
