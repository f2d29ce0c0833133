// How what waits in the outbox reaches the platform, lane by lane.
import { incidentApi as api, type OpenIncident } from '@bluelamp/client';
import { happenedAt, outbox, type Item, type Result } from '../store/outbox.svelte';
import { line } from './line.svelte';

async function events(incident: string, items: Item[]): Promise<Result[]> {
  const sent = Date.now();
  const answer = await api.log.say(incident, {
    sent_at: new Date(line.now()).toISOString(),
    device: 'officer',
    events: items.map((item) => ({ id: item.id, kind: item.kind, happened_at: happenedAt(item), data: item.data })),
  });
  line.clock(sent, Date.now(), Date.parse(answer.server_time), 1);
  return answer.items.map((one) => ({ id: one.id, state: one.state, why: one.message ?? '' }));
}

async function open(incident: string, [item]: Item[]): Promise<Result[]> {
  await api.open({ ...(item!.data as unknown as OpenIncident), id: incident });
  return [{ id: item!.id, state: 'accepted', why: '' }];
}

async function status(_incident: string, [item]: Item[]): Promise<Result[]> {
  const { resource, code } = item!.data as { resource: string; code: string };
  await api.resources.status(resource, code, happenedAt(item!));
  return [{ id: item!.id, state: 'accepted', why: '' }];
}

outbox.by('events', events);
outbox.by('open', open);
outbox.by('status', status);
