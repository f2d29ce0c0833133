// What runs while somebody is signed in: the outbox, what is shown, the emergency, and asking for news.
import { duty } from '../status/duty.svelte';
import { emergency } from '../emergency/emergency.svelte';
import { incidents } from '../incidents/incidents.svelte';
import { line } from '../line/line.svelte';
import { live } from '../line/live.svelte';
import { whereabouts } from '../map/whereabouts.svelte';
import { outbox } from '../store/outbox.svelte';
import '../line/senders';

/** Where the live line stands, asking only makes sure. */
const SURE_MS = 120_000;
const ASK_MS = 10_000;

/** Starts it; the function that is returned stops it and forgets what stands in memory. */
export function work(): () => void {
  let stopped = false;
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    clearTimeout(timer);
    if (stopped) return;
    asked = Date.now();
    await Promise.allSettled([incidents.refresh(), duty.refresh()]);
    if (!stopped) timer = setTimeout(again, ASK_MS);
  }
  /** Looked at every few seconds: the live line may have gone meanwhile. */
  function again(): void {
    const wait = live.standing ? SURE_MS : document.visibilityState === 'visible' ? ASK_MS : ASK_MS * 6;
    if (Date.now() - asked >= wait) void ask();
    else timer = setTimeout(again, ASK_MS);
  }
  async function begin(): Promise<void> {
    await Promise.allSettled([emergency.load(), outbox.load(), incidents.load(), duty.load()]);
    void ask();
  }
  const look = (): void => {
    if (document.visibilityState === 'visible') void ask();
  };
  const notBack = line.onBack(() => void ask());
  document.addEventListener('visibilitychange', look);
  void begin();
  return () => {
    stopped = true;
    clearTimeout(timer);
    notBack();
    document.removeEventListener('visibilitychange', look);
    emergency.stop();
    outbox.clear();
    incidents.clear();
    whereabouts.clear();
  };
}
