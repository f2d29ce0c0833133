// What was drawn on this device and has not left it yet.
import type { Item } from '../store/outbox.svelte';

export interface Waiting {
  id: string;
  type: string;
  label: string;
  geometry: { type: string; coordinates: unknown };
}

export function waitingOf(items: Item[]): Waiting[] {
  return items
    .filter((item) => item.kind === 'feature.drawn' && item.state === 'waiting')
    .map(({ data }) => ({ id: String(data.feature), type: String(data.type), label: String(data.label ?? ''), geometry: data.geometry as Waiting['geometry'] }));
}
