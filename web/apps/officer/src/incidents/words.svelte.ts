// What codes mean, in the words of one's own agency.
import { duty } from '../status/duty.svelte';

export function wordOf(kind: 'type' | 'grade' | 'status', meaning: string): string {
  const own = duty.terms?.items.find((term) => term.kind === kind && term.meaning === meaning)?.name;
  return own ?? duty.terms?.meanings[kind]?.[meaning] ?? meaning;
}
