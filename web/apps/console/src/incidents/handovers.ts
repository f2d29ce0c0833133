// Messages between control rooms, in words: what became of each, and what stands in one that nobody could read.
import type { control } from '@bluelamp/client';

export const FORMATS: Record<string, string> = { mait: 'MAIT', eido: 'EIDO', ucri2: 'UCRI2', cap: 'CAP alert', sitrep: 'SitRep' };
export const KINDS: Record<string, string> = { create: 'New incident', update: 'Update', close: 'Closing', receipt: 'Receipt', '': 'Could not be read' };
type Tone = '' | 'good' | 'medium' | 'bad' | 'high';

export function stateWords(one: Pick<control.Transfer, 'state' | 'direction' | 'tries'>): [string, Tone] {
  const out = one.direction === 'out';
  switch (one.state) {
    case 'queued': return [one.tries ? `Tried ${one.tries} times, goes on` : 'Waits to be sent', one.tries ? 'medium' : ''];
    case 'sending': return ['Being sent', ''];
    case 'sent': return ['Sent, no receipt yet', 'medium'];
    case 'reading': return ['Being read', ''];
    case 'received': return [out ? 'They have it' : 'Taken in', 'good'];
    case 'refused': return [out ? 'They refuse it' : 'Refused', 'bad'];
    case 'dead': return ['Waits for you', 'high'];
    default: return ['Let go', ''];
  }
}

export const LINES: Record<string, [string, Tone]> = {
  up: ['Up', 'good'], waiting: ['Waiting for them', 'medium'], failing: ['Does not get through', 'high'], off: ['Switched off', ''], unused: ['Nothing yet', ''],
};

/** What an incident's log says of a hand-over. */
export const TOLD: Record<string, [string, Tone]> = {
  sent: ['Sent, no receipt yet', 'medium'], received: ['They have it', 'good'], refused: ['They refuse it', 'bad'], failed: ['Did not get through', 'high'],
};

/** What went wrong, in a sentence that says what may help. */
export function help(one: control.TransferWhole): string {
  if (one.direction === 'in') return one.says ? 'It could be read, but not acted on. Say which incident it belongs to, or put right what it says.' : 'The platform cannot read it. Read it below and say here what it is; theirs is kept as it came.';
  if (one.state === 'refused') return 'Their control room took it and said no. Put right what they name, and it goes out anew of how the incident stands now.';
  return 'It did not get through. Where their system was down, send it again; where they answer that something is wrong, put that right.';
}

const LINES_MAX = 200;

/** Names and values in a message, whatever its format; null: neither XML nor JSON. */
export function valuesIn(body: string): [string, string][] | null {
  const found: [string, string][] = [];
  const add = (name: string, value: string): void => {
    if (value.trim() && found.length < LINES_MAX) found.push([name, value.trim().slice(0, 500)]);
  };
  const json = (name: string, value: unknown): void => {
    if (value !== null && typeof value === 'object') for (const [key, part] of Object.entries(value)) json(Array.isArray(value) ? name : name ? `${name} › ${key}` : key, part);
    else if (value !== null && value !== undefined) add(name, String(value as string | number | boolean));
  };
  try {
    json('', JSON.parse(body));
    return found.length ? found : null;
  } catch {
    // Then it may be XML. A document that is only parsed runs nothing and fetches nothing.
    const page = new DOMParser().parseFromString(body, 'application/xml');
    if (page.querySelector('parsererror')) return null;
    const xml = (name: string, element: Element): void => {
      const here = name ? `${name} › ${element.localName}` : element.localName;
      for (const { name: attribute, value } of element.attributes) if (!attribute.startsWith('xmlns')) add(`${here} ${attribute}`, value);
      if (!element.children.length) add(here, element.textContent);
      for (const child of element.children) xml(name || element !== page.documentElement ? here : '', child);
    };
    xml('', page.documentElement);
    return found.length ? found : null;
  }
}
