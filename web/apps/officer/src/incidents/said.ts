// What an event of the log says, in a line for the person on the street.
import { featureWords } from '@bluelamp/map';
import { formatVrm } from '@bluelamp/ui';
import type { IncidentState, LogEvent } from '@bluelamp/client';
import { wordOf } from './words.svelte';

const CATEGORIES: Record<string, string> = { P1: 'P1', P2: 'P2', P3: 'P3', dead: 'Not breathing', not_injured: 'Not injured', unknown: 'Not triaged' };

export const categoryWords = (category: string): string => CATEGORIES[category || 'unknown'] ?? category;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

type Speaker = (d: Record<string, unknown>, of: (casualty: unknown) => string) => string;
const SAY: Record<string, Speaker> = {
  'incident.opened': (d) => `Incident opened: ${text(d.title)}`,
  'incident.amended': (d) => (d.major === true ? 'MAJOR INCIDENT declared' : d.major === false ? 'Major incident stood down' : 'Details changed'),
  'incident.closed': (d) => `Closed: ${text(d.reason)}`,
  'incident.reopened': (d) => `Opened again: ${text(d.reason)}`,
  'incident.linked': (d) => `Linked with ${text(d.number)}`,
  'incident.merged': (d) => `Merged ${text(d.direction)} ${text(d.number)}`,
  'agency.joined': (d) => `${text(d.agency)} joined`,
  'agency.left': (d) => `${text(d.agency)} left: ${text(d.reason)}`,
  'agency.acknowledged': (d) => `${text(d.agency)} has it${d.reference ? `, their ${text(d.reference)}` : ''}`,
  'lead.passed': (d) => `${text(d.agency)} leads now`,
  'resource.assigned': (d) => `${text(d.call_sign)} sent${d.task ? `: ${text(d.task)}` : ''}`,
  'resource.status': (d) => `Status ${text(d.code)} ${wordOf('status', text(d.status))}`,
  'resource.released': () => 'A unit was released',
  'report.sent': (d) => `${text(d.form)}: ${text(d.type)}`,
  'log.written': (d) => text(d.text),
  'decision.made': (d) => `Decision: ${text(d.title)}. ${text(d.action)}`,
  'feature.drawn': (d) => `${featureWords(text(d.type))} drawn${d.label ? `: ${text(d.label)}` : ''}`,
  'feature.removed': () => 'A drawing was removed',
  'casualty.found': (d, of) => `Casualty ${text(d.label) || of(d.casualty)}`,
  'casualty.triaged': (d, of) => `Casualty ${of(d.casualty)} triaged ${categoryWords(text(d.category))} (${text(d.tool)})`,
  'casualty.moved': (d, of) => `Casualty ${of(d.casualty)} moved to ${text(d.where)}`,
  'casualty.handed_over': (d, of) => `Casualty ${of(d.casualty)} handed over to ${text(d.to)}`,
  'casualty.struck': (d, of) => `Casualty ${of(d.casualty)} counted by mistake: ${text(d.reason)}`,
  'vehicle.recorded': (d) => `Vehicle ${formatVrm(text(d.vrm))} ${text(d.involvement)}`,
  'vehicle.looked_up': () => 'Vehicle looked up',
  'person.recorded': (d) => `Person: ${text(d.name) || text(d.role)}`,
  'media.added': (d) => `Picture${d.caption ? `: ${text(d.caption)}` : ''}`,
  'media.hidden': (d) => `Picture hidden: ${text(d.reason)}`,
  'chat.said': (d) => text(d.text),
  'checklist.started': (d) => `Checklist: ${text(d.title)}`,
  'checklist.ticked': () => 'A checklist item was ticked',
  'emergency.raised': (d) => `EMERGENCY: ${text(d.call_sign) || text(d.person_name)}`,
  'emergency.acknowledged': () => 'Emergency: the control room has it',
  'emergency.cancelled': () => 'Emergency: cancelled on the device, still open',
  'emergency.escalated': () => 'Emergency: still nobody has it',
  'emergency.closed': (d) => `Emergency closed: ${d.outcome === 'false_alarm' ? 'false alarm' : 'resolved'}`,
  'handover.sent': (d) => `Hand-over to ${text(d.agency)}: ${text(d.state)}`,
};

/** `state`: of the incident, where it is known; events name casualties by id alone. */
export function said(event: Pick<LogEvent, 'kind' | 'data'>, state?: IncidentState): string {
  return SAY[event.kind]?.(event.data, (casualty) => state?.casualties?.[String(casualty)]?.label ?? '').replace(/ {2,}/g, ' ') || event.kind;
}
