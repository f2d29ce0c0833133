// What the log says, in sentences; and the names of what an incident has.
import type { control } from '@bluelamp/client';
import { featureWords } from '@bluelamp/map';
import { gridReference } from '@bluelamp/ui';
import { FORMATS, TOLD } from './handovers';
import { words } from './terms.svelte';

/** Characters that a longer text may have; the platform takes no more. */
export const TEXT_MAX = 4_000;

export const CATEGORIES = ['P1', 'P2', 'P3', 'dead', 'not_injured', 'unknown'] as const;
export const CATEGORY_WORDS: Record<string, string> = {
  P1: 'P1', P2: 'P2', P3: 'P3', dead: 'Not breathing', not_injured: 'Not injured', unknown: 'Not triaged', '': 'Not triaged',
};
export const GROUPS: readonly (readonly [string, string, readonly string[]])[] = [
  ['all', 'Everything', []],
  ['talk', 'Log and chat', ['log.written', 'chat.said']],
  ['reports', 'Reports and decisions', ['report.sent', 'decision.made', 'checklist.']],
  ['resources', 'Resources', ['resource.']],
  ['casualties', 'Casualties', ['casualty.']],
  ['seen', 'Vehicles, persons, pictures', ['vehicle.', 'person.', 'media.']],
  ['map', 'Map', ['feature.']],
  ['command', 'Who has it', ['incident.', 'agency.', 'lead.', 'handover.', 'emergency.']],
];

export function inGroup(kind: string, group: string): boolean {
  const wanted = GROUPS.find(([key]) => key === group)?.[2] ?? [];
  return !wanted.length || wanted.some((start) => kind === start || (start.endsWith('.') && kind.startsWith(start)));
}

const KINDS: Record<string, string> = {
  'incident.opened': 'Opened', 'incident.amended': 'Changed', 'incident.closed': 'Closed', 'incident.reopened': 'Opened again', 'incident.linked': 'Linked',
  'incident.merged': 'Merged', 'agency.joined': 'Shared', 'agency.left': 'Put out', 'agency.acknowledged': 'Acknowledged', 'lead.passed': 'Lead passed',
  'resource.assigned': 'Sent', 'resource.status': 'Status', 'resource.released': 'Released', 'report.sent': 'Report', 'log.written': 'Log',
  'decision.made': 'Decision', 'feature.drawn': 'Drawn', 'feature.removed': 'Taken off the map', 'casualty.found': 'Casualty', 'casualty.triaged': 'Triage',
  'casualty.moved': 'Casualty moved', 'casualty.handed_over': 'Casualty handed over', 'casualty.struck': 'Casualty struck out', 'vehicle.recorded': 'Vehicle',
  'vehicle.looked_up': 'Look-up', 'person.recorded': 'Person', 'media.added': 'Picture', 'media.hidden': 'Picture hidden', 'chat.said': 'Chat',
  'checklist.started': 'Checklist', 'checklist.ticked': 'Checklist', 'emergency.raised': 'EMERGENCY', 'emergency.acknowledged': 'Emergency acknowledged',
  'emergency.escalated': 'Emergency unanswered', 'emergency.closed': 'Emergency closed', 'emergency.cancelled': 'Emergency cancelled on the device', 'handover.sent': 'Hand-over',
};
export const kindWords = (kind: string): string => KINDS[kind] ?? kind;

export function placeWords(place: control.Place | null | undefined): string {
  if (!place) return '';
  if (place.said) return place.said;
  if (place.latitude == null || place.longitude == null) return 'not known';
  const grid = gridReference(place.latitude, place.longitude);
  return grid ? `OS ${grid}` : `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
}

type Data = Record<string, unknown>;
const text = (data: Data, key: string): string => (data[key] == null ? '' : String(data[key]));
const because = (data: Data): string => (data.reason ? `: ${text(data, 'reason')}` : '');
const join = (...parts: string[]): string => parts.filter(Boolean).join(' · ');

function amended(d: Data): string {
  const said: string[] = [];
  if (d.major !== undefined) said.push(d.major ? 'MAJOR INCIDENT DECLARED' : 'Major incident stood down');
  if (d.grade) said.push(`grade ${words.name('grade', text(d, 'grade'))}`);
  if (d.type) said.push(`type ${words.name('type', text(d, 'type'))}`);
  if (d.title) said.push(`headline “${text(d, 'title')}”`);
  if (d.place) said.push(`place ${placeWords(d.place as control.Place)}`);
  if (d.description !== undefined) said.push('what is known');
  return said.join(', ');
}

/** Names of things that events speak of by id alone. */
function named(state: control.State | null, d: Data): { casualty: string; resource: string } {
  return {
    casualty: state?.casualties[text(d, 'casualty')]?.label ?? 'casualty',
    resource: (text(d, 'call_sign') || state?.resources[text(d, 'resource')]?.call_sign) ?? 'resource',
  };
}

/** What lists say of a vehicle: nobody should have to open a tab to read it. */
function warnings(d: Data): string[] {
  const found = (d.found as { warnings?: Data[] } | undefined)?.warnings ?? [];
  return found.map((one) => `WARNING: ${text(one, 'instruction') || text(one, 'reason')}`);
}

const SAYS: Record<string, (d: Data, n: { casualty: string; resource: string }, state: control.State | null) => string> = {
  'incident.opened': (d) => join(text(d, 'title'), words.name('type', text(d, 'type')), placeWords(d.place as control.Place), text(d, 'description')),
  'incident.amended': (d) => amended(d),
  'incident.closed': (d) => join(text(d, 'reason'), text(d, 'debrief')),
  'incident.reopened': (d) => text(d, 'reason'),
  'incident.linked': (d) => `${text(d, 'number')} (${text(d, 'relation')})`,
  'incident.merged': (d) => `${text(d, 'direction')} ${text(d, 'number')}`,
  'agency.joined': (d) => `with ${words.agency(text(d, 'agency'))}${(d.roles as string[] | undefined)?.length ? ` (only ${(d.roles as string[]).join(', ')})` : ''}${because(d)}`,
  'agency.left': (d) => `${words.agency(text(d, 'agency'))}${because(d)}`,
  'agency.acknowledged': (d) => join(words.agency(text(d, 'agency')), text(d, 'reference') && `their number ${text(d, 'reference')}`, text(d, 'note')),
  'lead.passed': (d) => `to ${words.agency(text(d, 'agency'))}${because(d)}`,
  'resource.assigned': (d, n) => join(n.resource, text(d, 'task')),
  'resource.status': (d, n) => `${n.resource}: ${words.name('status', text(d, 'status'))} (${text(d, 'code')})`,
  'resource.released': (d, n) => `${n.resource}${because(d)}`,
  'report.sent': (d) => {
    const services = (d.services ?? {}) as Data;
    return join(
      text(d, 'form'), text(d, 'type'), placeWords(d.exact_location as control.Place), d.hazards ? `Hazards: ${text(d, 'hazards')}` : '', d.access ? `Access: ${text(d, 'access')}` : '',
      d.casualties ? `Casualties: ${text(d, 'casualties')}` : '', services.present ? `Here: ${text(services, 'present')}` : '', services.needed ? `Needed: ${text(services, 'needed')}` : '',
    );
  },
  'log.written': (d) => text(d, 'text'),
  'chat.said': (d) => text(d, 'text'),
  'decision.made': (d) => join(text(d, 'title'), text(d, 'action')),
  'feature.drawn': (d) => join(featureWords(text(d, 'type')), text(d, 'label') === featureWords(text(d, 'type')) ? '' : text(d, 'label'), text(d, 'note')),
  'feature.removed': (d) => text(d, 'reason') || 'something drawn',
  'casualty.found': (d, n) => join(n.casualty, text(d, 'note')),
  'casualty.triaged': (d, n) => join(n.casualty, CATEGORY_WORDS[text(d, 'category')] ?? '', text(d, 'tool'), text(d, 'note')),
  'casualty.moved': (d, n) => `${n.casualty} to ${text(d, 'where')}`,
  'casualty.handed_over': (d, n) => `${n.casualty} to ${text(d, 'to')}`,
  'casualty.struck': (d, n) => `${n.casualty}${because(d)}`,
  'vehicle.recorded': (d) => join(text(d, 'vrm'), text(d, 'description'), text(d, 'involvement')),
  'vehicle.looked_up': (d, _n, s) => join(`${s?.vehicles[text(d, 'vehicle')]?.vrm ?? 'vehicle'} in ${text(d, 'source').toUpperCase()}`, ...warnings(d)),
  'person.recorded': (d) => join(text(d, 'name') || 'Name not known', text(d, 'role'), text(d, 'description')),
  'media.added': (d) => join(text(d, 'caption'), placeWords(d.place as control.Place)),
  'media.hidden': (d) => text(d, 'reason'),
  'checklist.started': (d) => `${text(d, 'title')} started`,
  'checklist.ticked': (d, _n, s) => `${d.done === false ? 'Not done after all' : 'Done'}: ${s?.checklists[text(d, 'checklist')]?.items[Number(d.item)] ?? 'item'}`,
  'emergency.raised': (d) => join(text(d, 'call_sign'), text(d, 'person_name'), placeWords(d.place as control.Place)),
  'emergency.escalated': (d) => `told again, level ${text(d, 'level')}`,
  'emergency.closed': (d) => join(text(d, 'outcome') === 'false_alarm' ? 'false alarm' : 'resolved', text(d, 'note')),
  'handover.sent': (d) => join(`to ${words.agency(text(d, 'agency'))} (${FORMATS[text(d, 'format')] ?? text(d, 'format')})`, TOLD[text(d, 'state')]?.[0] ?? text(d, 'state'), text(d, 'note')),
};

/** One event in words, without who and when. */
export function sentence(event: control.Event, state: control.State | null): string {
  const d = event.data as Data;
  return SAYS[event.kind]?.(d, named(state, d), state) ?? '';
}
