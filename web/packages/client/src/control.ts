// Calls about incidents for a control room: the board, one incident at any second, its log, resources, emergencies.
import type { Readable } from 'openapi-typescript-helpers';
import { body, client } from './http';
import type { components } from './schema';

type S = Readable<components['schemas']>;
/** Answers carry every field; the description calls those with a default optional. */
type Whole<T> = T extends readonly (infer One)[] ? Whole<One>[] : T extends object ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> } : T;

export type BoardRow = S['IncidentOnBoard'];
export type State = Whole<S['IncidentState']>;
export type Event = S['EventShown'];
export type Place = S['Place'];
export type Member = State['agencies'][string];
export type Assigned = State['resources'][string];
export type Casualty = State['casualties'][string];
export type Feature = State['features'][string];
export type Vehicle = State['vehicles'][string];
export type Checklist = State['checklists'][string];
export type Media = State['media'][string];
export type Terms = S['TermsShown'];
export type Term = S['TermShown'];
export type Resource = S['ResourceShown'];
export type Emergency = S['EmergencyShown'];
export type Opening = S['OpenQuestion'];
export type EventQuestion = S['EventQuestion'];
export type EventResult = S['EventResult'];
export type AgencyRow = S['AgencyItem'];
export type Receipt = S['ReceiptShown'];
export type Position = S['PositionShown'];
export type Candidate = S['CandidateShown'];
export type Found = S['PlaceShown'];

const of = (incident: string) => ({ path: { incident } });

export const list = (query: { status?: ('open' | 'closed' | 'merged')[]; cursor?: string; limit?: number } = {}) =>
  body(client.GET('/v1/incidents', { params: { query } }));
export const open = (question: Opening) => body(client.POST('/v1/incidents', { body: question }));
export const state = (incident: string, at?: string) =>
  body(client.GET('/v1/incidents/{incident}', { params: { ...of(incident), query: at ? { at } : {} } })) as Promise<State>;
export const merge = (incident: string, into: string, reason: string) =>
  body(client.POST('/v1/incidents/{incident}/merge', { params: of(incident), body: { into, reason } }));
export const terms = () => body(client.GET('/v1/incidents/terms'));

export const log = {
  /** `newest`: backwards from before `after` (0: from the end). */
  read: (incident: string, query: { after?: number; newest?: boolean; limit?: number; kind?: string[] }) =>
    body(client.GET('/v1/incidents/{incident}/events', { params: { ...of(incident), query } })),
  say: (incident: string, events: EventQuestion[]) =>
    body(client.POST('/v1/incidents/{incident}/events', { params: of(incident), body: { sent_at: new Date().toISOString(), device: 'console', events } })),
};

/** Where resources are in a box of "west,south,east,north". */
export const positions = (bbox: string) => body(client.GET('/v1/incidents/positions', { params: { query: { bbox } } }));
/** Own resources by how soon they are there; those that may be sent now unless `free` is false. */
export const nearest = (latitude: number, longitude: number, query: { free?: boolean; limit?: number } = {}) =>
  body(client.GET('/v1/incidents/nearest', { params: { query: { latitude, longitude, ...query } } }));
export const findPlace = (q: string) => body(client.GET('/v1/incidents/places', { params: { query: { q } } }));

const file = (incident: string, media: string) => ({ path: { incident, media } });
export const media = {
  begin: (incident: string, question: S['MediaQuestion']) => body(client.POST('/v1/incidents/{incident}/media', { params: of(incident), body: question })),
  held: (incident: string, media: string) => body(client.GET('/v1/incidents/{incident}/media/{media}/upload', { params: file(incident, media) })),
  piece: (incident: string, media: string, offset: number, piece: Blob) =>
    body(
      client.PATCH('/v1/incidents/{incident}/media/{media}', {
        params: { ...file(incident, media), header: { 'upload-offset': offset } },
        // The description says that binary is text; the piece is sent as it is.
        body: piece as unknown as string,
        bodySerializer: (one: unknown) => one as Blob,
        headers: { 'Content-Type': 'application/octet-stream' },
      }),
    ),
};

export const receipts = {
  list: (incident: string) => body(client.GET('/v1/incidents/{incident}/receipts', { params: of(incident) })),
  say: (incident: string, delivered: number, read: number) =>
    body(client.POST('/v1/incidents/{incident}/receipts', { params: of(incident), body: { delivered, read } })),
};

export const resources = {
  list: (cursor?: string | null) => body(client.GET('/v1/incidents/resources', { params: { query: { limit: 500, ...(cursor ? { cursor } : {}) } } })),
  add: (question: { call_sign: string; type: string; skills: string[]; covert: boolean }) => body(client.POST('/v1/incidents/resources', { body: question })),
  status: (resource: string, code: string) =>
    body(client.POST('/v1/incidents/resources/{resource}/status', { params: { path: { resource } }, body: { code } })),
  close: (resource: string) => body(client.PATCH('/v1/incidents/resources/{resource}', { params: { path: { resource } }, body: { closed: true } })),
};

export const emergencies = {
  list: () => body(client.GET('/v1/incidents/emergencies')),
  acknowledge: (emergency: string) => body(client.POST('/v1/incidents/emergencies/{emergency}/acknowledge', { params: { path: { emergency } } })),
  close: (emergency: string, outcome: 'resolved' | 'false_alarm', note: string) =>
    body(client.POST('/v1/incidents/emergencies/{emergency}/close', { params: { path: { emergency } }, body: { outcome, note } })),
};

export type Coverage = S['CoverageShown'];
type Compact = S['TrackShownCompact'];
/** Points: milliseconds from the beginning, longitude, latitude. */
export type Track = Omit<Compact, 'points'> & { points: [number, number, number][] };
export type Tracks = Omit<S['IncidentTracksShown'], 'tracks'> & { tracks: Track[] };
export type Figures = S['StepFiguresShown'];
export type Partner = S['PartnerShown'];
export type Transfer = S['TransferRow'];
export type TransferWhole = S['TransferShown'];
export type Mending = S['MendQuestion'];

/** Who is free and how soon they are everywhere in an area (one closed ring). */
export const coverage = (ring: [number, number][], minutes: number, cell_m: number, wanted: { type?: string; skill?: string } = {}) =>
  body(client.POST('/v1/incidents/coverage', { body: { area: { type: 'Polygon', coordinates: [ring] }, minutes, cell_m, type: '', skill: '', ...wanted } }));
/** Where resources were while they were on the incident: one look for a whole replay. */
export const tracks = (incident: string) => body(client.GET('/v1/incidents/{incident}/tracks', { params: of(incident) })) as unknown as Promise<Tracks>;
export const statistics = (since: string, until: string) => body(client.GET('/v1/incidents/statistics', { params: { query: { since, until } } }));

export const handovers = {
  partners: () => body(client.GET('/v1/incidents/partners')),
  list: (query: { state?: Transfer['state'][]; direction?: '' | 'in' | 'out'; partner?: string; cursor?: string; limit?: number }) =>
    body(client.GET('/v1/incidents/transfers', { params: { query } })),
  read: (transfer: string) => body(client.GET('/v1/incidents/transfers/{transfer}', { params: { path: { transfer } } })),
  repeat: (transfer: string) => body(client.POST('/v1/incidents/transfers/{transfer}/repeat', { params: { path: { transfer } } })),
  mend: (transfer: string, question: Mending) => body(client.POST('/v1/incidents/transfers/{transfer}/mend', { params: { path: { transfer } }, body: question })),
  drop: (transfer: string, reason: string) =>
    body(client.POST('/v1/incidents/transfers/{transfer}/drop', { params: { path: { transfer } }, body: { reason } })),
  /** Tells a partner of an incident, or how it stands. */
  send: (incident: string, partner: string, note: string) =>
    body(client.POST('/v1/incidents/{incident}/handovers', { params: of(incident), body: { partner, note } })),
};

export interface Packed {
  name: string;
  content: Blob;
}
const PIECE = 16 << 20;

/** The whole incident as a signed package, with how many bytes have come; throws where it breaks off. */
export async function pack(incident: string, reason: string, told: (bytes: number) => void, signal: AbortSignal): Promise<Packed> {
  const answer = await client.POST('/v1/incidents/{incident}/export', { params: of(incident), body: { reason }, parseAs: 'stream', signal });
  const stream = answer.data as ReadableStream<Uint8Array<ArrayBuffer>> | null;
  const name = /filename="([^"]+)"/.exec(answer.response.headers.get('Content-Disposition') ?? '')?.[1] ?? `${incident}.zip`;
  // Gathered in larger pieces, which the browser may put on its disk: a package can hold films.
  const pieces: Blob[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  let bytes = 0;
  const reader = stream?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader!.read()) {
    waiting.push(part.value);
    held += part.value.length;
    bytes += part.value.length;
    if (held >= PIECE) {
      pieces.push(new Blob(waiting));
      waiting = [];
      held = 0;
    }
    told(bytes);
  }
  return { name, content: new Blob([...pieces, ...waiting], { type: 'application/zip' }) };
}
