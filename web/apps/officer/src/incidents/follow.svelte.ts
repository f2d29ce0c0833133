// A page that shows an incident keeps it fresh: at once, when the live line says so, and by asking where there is no live line.
import { live } from '../line/live.svelte';
import { incidents } from './incidents.svelte';

const ASK_MS = 5_000;
/** Where the live line stands, asking only makes sure. */
const SURE_MS = 60_000;

/** For an `$effect`: fetches now and again until it is called off; tells the platform what has arrived and, where it is shown, read. */
export function follow(id: string, read: () => boolean): () => void {
  let stopped = false;
  let told = '';
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function turn(): Promise<void> {
    clearTimeout(timer);
    try {
      await incidents.look(id);
      // Whoever has left the page meanwhile has not read it.
      if (stopped) return;
      const upTo = incidents.known[id]?.upTo ?? 0;
      const mark = `${upTo} ${read()}`;
      if (mark !== told) {
        await incidents.acknowledge(id, read());
        told = mark;
      }
    } catch {
      // Without signal what is kept stays on the screen; the bar says since when.
    }
    if (!stopped) timer = setTimeout(() => void turn(), live.standing ? SURE_MS : ASK_MS);
  }
  void turn();
  const quiet = incidents.onNews(id, () => void turn());
  return () => {
    quiet();
    stopped = true;
    clearTimeout(timer);
  };
}
