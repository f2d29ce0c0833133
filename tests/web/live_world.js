// A clock, a WebSocket and an EventSource of test_live.py's own: `pass(ms)` lets time go by.
let now = 1_000_000;
let count = 0;
const timers = [];
Date.now = () => now;
globalThis.setTimeout = (run, ms) => {
  timers.push({ id: ++count, at: now + (ms ?? 0), run });
  return count;
};
globalThis.setInterval = (run, ms) => {
  const id = ++count;
  const again = () => {
    timers.push({ id, at: now + ms, run: again });
    run();
  };
  timers.push({ id, at: now + ms, run: again });
  return id;
};
globalThis.clearTimeout = globalThis.clearInterval = (id) => {
  for (let n = timers.length; n--; ) if (timers[n].id === id) timers.splice(n, 1);
};
const pass = (ms) => {
  const end = now + ms;
  for (;;) {
    timers.sort((a, b) => a.at - b.at);
    if (!timers.length || timers[0].at > end) break;
    const next = timers.shift();
    now = next.at;
    next.run();
  }
  now = end;
};

const listeners = {};
globalThis.location = { origin: 'https://here.example' };
globalThis.addEventListener = (kind, run) => (listeners[kind] = run);
globalThis.removeEventListener = () => undefined;

const sockets = [];
globalThis.WebSocket = class {
  static OPEN = 1;
  constructor(url) {
    Object.assign(this, { url, readyState: 0, sent: [], bufferedAmount: 0 });
    sockets.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.onclose?.({ code: 1005 });
  }
  opens() {
    this.readyState = 1;
    this.onopen();
  }
  says(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  fails() {
    this.readyState = 3;
    this.onclose({ code: 1006 });
  }
};

const sources = [];
globalThis.EventSource = class {
  constructor(url) {
    Object.assign(this, { url, on: {} });
    sources.push(this);
  }
  addEventListener(kind, run) {
    this.on[kind] = run;
  }
  close() {}
  says(message) {
    this.on[message.type]({ data: JSON.stringify(message) });
  }
};

const told = [];
const health = [];
const state = () => health.at(-1).state;
const open = (more) =>
  m.openLive({ follow: { incidents: ['a'] }, onMessage: (x) => told.push(x), onHealth: (x) => health.push(x), ...more });
