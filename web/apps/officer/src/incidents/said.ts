// What an event of the log says, in a line for the person on the street.
import { formatVrm } from '@bluelamp/ui';
import type { LogEvent } from '@bluelamp/client';

const FEATURES: Record<string, string> = {
  hazard: 'Hazard', inner_cordon: 'Inner cordon', outer_cordon: 'Outer cordon', access: 'Access', egress: 'Way out', rendezvous: 'Rendezvous point',
  forward_command: 'Forward command post', casualty_clearing: 'Casualty clearing station', holding_area: 'Holding area', landing_site: 'Landing site',
  search_sector: 'Search sector', marker: 'Marker', line: 'Line', area: 'Area',
};
const CATEGORIES: Record<string, string> = { P1: 'P1', P2: 'P2', P3: 'P3', dead: 'Not breathing', not_injured: 'Not injured', unknown: 'Not triaged' };

export const featureWords = (type: string): string => FEATURES[type] ?? type;
export const categoryWords = (category: string): string => CATEGORIES[category || 'unknown'] ?? category;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

type Speaker = (d: Record<string, unknown>) => string;
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
  'resource.status': (d) => `Status ${text(d.code)}`,
  'resource.released': () => 'A unit was released',
  'report.sent': (d) => `${text(d.form)}: ${text(d.type)}`,
  'log.written': (d) => text(d.text),
  'decision.made': (d) => `Decision: ${text(d.title)}. ${text(d.action)}`,
  'feature.drawn': (d) => `${featureWords(text(d.type))} drawn${d.label ? `: ${text(d.label)}` : ''}`,
  'feature.removed': () => 'A drawing was removed',
  'casualty.found': (d) => `Casualty ${text(d.label)}`,
  'casualty.triaged': (d) => `Casualty triaged ${categoryWords(text(d.category))} (${text(d.tool)})`,
  'casualty.moved': (d) => `Casualty moved to ${text(d.where)}`,
  'casualty.handed_over': (d) => `Casualty handed over to ${text(d.to)}`,
  'casualty.struck': (d) => `Casualty counted by mistake: ${text(d.reason)}`,
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
  'emergency.escalated': () => 'Emergency: still nobody has it',
  'emergency.closed': (d) => `Emergency closed: ${d.outcome === 'false_alarm' ? 'false alarm' : 'resolved'}`,
  'handover.sent': (d) => `Hand-over to ${text(d.agency)}: ${text(d.state)}`,
};

export function said(event: Pick<LogEvent, 'kind' | 'data'>): string {
  return SAY[event.kind]?.(event.data) || event.kind;
}
