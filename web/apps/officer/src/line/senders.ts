// How what waits in the outbox reaches the platform, lane by lane.
import { incidentApi as api, type MediaQuestion, type OpenIncident } from '@bluelamp/client';
import { device } from '../store/device.svelte';
import { happenedAt, outbox, type Item, type Result } from '../store/outbox.svelte';
import { line } from './line.svelte';

async function events(incident: string, items: Item[]): Promise<Result[]> {
  const sent = Date.now();
  const answer = await api.log.say(incident, {
    sent_at: new Date(line.now()).toISOString(),
    device: 'officer',
    events: items.map((item) => ({ id: item.id, kind: item.kind, happened_at: happenedAt(item), data: item.data, audience: item.audience ?? [] })),
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

/** Small enough that a poor line makes headway, and that words need not wait long behind it. */
const PIECE_BYTES = 512 * 1024;

async function media(incident: string, [item]: Item[]): Promise<Result[]> {
  const { id, data } = item!;
  const bytes = await device.vault?.getBytes('parts', id);
  if (!bytes) return [{ id, state: 'refused', why: 'It is not on this device any more. Take it again.' }];
  const about = data as unknown as Omit<MediaQuestion, 'id'>;
  const sent_at = new Date(line.now()).toISOString();
  let upload = await api.media.begin(incident, { ...about, id, taken_at: happenedAt(item!), sent_at, device: 'officer' });
  while (upload.state === 'receiving') {
    const { offset } = upload;
    upload = await api.media.piece(incident, id, offset, bytes.slice(offset, offset + Math.min(PIECE_BYTES, upload.piece_bytes_max)));
    outbox.progress[id] = upload.offset / upload.bytes;
    if (upload.state !== 'receiving') break;
    if (upload.offset <= offset) throw new Error('the platform took nothing of the picture');
    if (outbox.words) return [{ id, state: 'later', why: '' }];
  }
  if (upload.state === 'kept') return [{ id, state: 'accepted', why: '' }];
  return [{ id, state: 'refused', why: upload.reason || 'The platform has given the upload up. Send it again.' }];
}

outbox.by('events', events);
outbox.by('open', open);
outbox.by('status', status);
outbox.by('media', media);
