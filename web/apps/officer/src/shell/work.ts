// What runs while somebody is signed in: the outbox, what is shown, the emergency, and asking for news.
import { duty } from '../status/duty.svelte';
import { emergency } from '../emergency/emergency.svelte';
import { incidents } from '../incidents/incidents.svelte';
import { line } from '../line/line.svelte';
import { outbox } from '../store/outbox.svelte';
import '../line/senders';

const ASK_MS = 10_000;

/** Starts it; the function that is returned stops it and forgets what stands in memory. */
export function work(): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    clearTimeout(timer);
    if (stopped) return;
    await Promise.allSettled([incidents.refresh(), duty.refresh()]);
    if (!stopped) timer = setTimeout(() => void ask(), document.visibilityState === 'visible' ? ASK_MS : ASK_MS * 6);
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
  };
}
