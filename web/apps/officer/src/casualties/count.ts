// The count by category, with what this device has entered and the platform does not know yet.
import type { IncidentState } from '@bluelamp/client';
import type { Item } from '../store/outbox.svelte';

export function counted(state: IncidentState | undefined, waiting: Item[]): Record<string, number> {
  const count: Record<string, number> = { ...(state?.casualty_count ?? {}) };
  const known = state?.casualties ?? {};
  const fresh: Record<string, string> = {};
  for (const item of waiting) {
    const id = String(item.data.casualty ?? '');
    if (item.kind === 'casualty.found' && !known[id]) fresh[id] ??= 'unknown';
    else if (item.kind === 'casualty.triaged' && !known[id]) fresh[id] = String(item.data.category);
    else if (item.kind === 'casualty.triaged') {
      const before = known[id]?.category || 'unknown';
      count[before] = Math.max(0, (count[before] ?? 0) - 1);
      count[String(item.data.category)] = (count[String(item.data.category)] ?? 0) + 1;
    }
  }
  for (const category of Object.values(fresh)) count[category] = (count[category] ?? 0) + 1;
  return Object.fromEntries(Object.entries(count).filter(([, n]) => n > 0));
}
