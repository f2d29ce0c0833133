// My unit, its status, and whether this device says where it is: on duty only, and shown on every page while it does.
import { incidentApi as api, type Resource, type Terms } from '@bluelamp/client';
import { incidents } from '../incidents/incidents.svelte';
import { device } from '../store/device.svelte';
import { outbox } from '../store/outbox.svelte';
import { tracking } from './tracking.svelte';

class Duty {
  terms: Terms | null = $state.raw(null);
  unit: Resource | null = $derived(incidents.mine?.resource ?? null);
  /** The code said last, which the platform may not know yet. */
  said = $derived([...outbox.items].reverse().find((item) => item.lane === 'status' && item.state === 'waiting'));
  code = $derived(String(this.said?.data.code ?? this.unit?.code ?? ''));
  codes = $derived(this.terms?.items.filter((term) => term.kind === 'status') ?? []);
  /** Emergency has a button of its own, which nobody touches by mistake. */
  offered = $derived(this.codes.filter((term) => term.meaning !== 'emergency'));
  word = $derived(this.codes.find((term) => term.code === this.code));
  /** Off duty as soon as it is said here; on duty once the platform knows. */
  onDuty = $derived(!!this.unit && ![this.unit.status, this.word?.meaning].includes('off_duty'));
  /** Whether positions leave this device now. */
  reporting = $derived(this.onDuty && tracking.told);

  async load(): Promise<void> {
    this.terms = (await device.vault?.get<Terms>('kept', 'terms')) ?? null;
  }

  async refresh(): Promise<void> {
    if (this.terms) return;
    this.terms = await api.terms();
    await device.vault?.put('kept', 'terms', this.terms);
  }

  async say(code: string, name: string): Promise<void> {
    if (!this.unit || code === this.code) return;
    await outbox.add({ lane: 'status', incident: '', kind: 'status', words: `Status ${code} ${name}`, data: { resource: this.unit.id, code } });
  }
}

export const duty = new Duty();
