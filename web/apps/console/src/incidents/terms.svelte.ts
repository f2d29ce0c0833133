// The own agency's words for types, grades and statuses, and the names of the agencies; fetched once for each person.
import { api, control } from '@bluelamp/client';
import { session } from '../shell/session.svelte';

type Kind = control.Term['kind'];
export type Tone = 'high' | 'medium' | 'low' | '';
const TONES: Record<string, Tone> = { emergency: 'high', priority: 'medium', scheduled: 'low' };

class Words {
  terms: control.Terms | null = $state.raw(null);
  agencies: control.AgencyRow[] = $state.raw([]);
  #for = '';

  async load(): Promise<void> {
    const me = session.me?.id ?? '';
    if (this.#for === me && this.terms) return;
    const [terms, agencies] = await Promise.all([control.terms(), api.people.agencies()]);
    this.terms = terms;
    this.agencies = agencies.items as control.AgencyRow[];
    this.#for = me;
  }

  of(kind: Kind): control.Term[] {
    return this.terms?.items.filter((term) => term.kind === kind) ?? [];
  }

  /** What the own agency calls a meaning; where it has no word, what it means to all. */
  name(kind: Kind, meaning: string): string {
    return this.of(kind).find((term) => term.meaning === meaning)?.name ?? this.terms?.meanings[kind]?.[meaning] ?? meaning;
  }

  /** `code`: of the own agency, whose name is told as it was said; empty: another's, told by what it means. */
  status(meaning: string, code: string): string {
    return (code && this.of('status').find((term) => term.code === code)?.name) || this.name('status', meaning);
  }

  meaning(kind: Kind, code: string): string {
    return this.of(kind).find((term) => term.code.toLowerCase() === code.toLowerCase())?.meaning ?? code;
  }

  agency(code: string): string {
    return this.agencies.find((one) => one.code === code)?.name ?? code;
  }

  service(code: string): string {
    return this.agencies.find((one) => one.code === code)?.service ?? '';
  }

  gradeTone(meaning: string): Tone {
    return TONES[meaning] ?? '';
  }

  free(meaning: string): boolean {
    return this.of('status').some((term) => term.meaning === meaning && term.free);
  }
}

export const words = new Words();
