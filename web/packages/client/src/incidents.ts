// Calls about incidents, for people in the field: what is mine, one incident, its log, and the doors that a phone's outbox sends through.
import { body, client } from './http';
import type * as T from './types';

const of = (incident: string) => ({ path: { incident } });

export const mine = () => body(client.GET('/v1/incidents/me'));
export const terms = () => body(client.GET('/v1/incidents/terms'));
export const state = (incident: string) => body(client.GET('/v1/incidents/{incident}', { params: of(incident) }));
export const open = (question: T.OpenIncident) => body(client.POST('/v1/incidents', { body: question }));

export const log = {
  after: (incident: string, after: number) =>
    body(client.GET('/v1/incidents/{incident}/events', { params: { ...of(incident), query: { after, limit: 500 } } })),
  /** The newest first. */
  newest: (incident: string, limit: number) =>
    body(client.GET('/v1/incidents/{incident}/events', { params: { ...of(incident), query: { newest: true, limit } } })),
  say: (incident: string, question: T.EventsQuestion) => body(client.POST('/v1/incidents/{incident}/events', { params: of(incident), body: question })),
};

export const receipts = {
  list: (incident: string) => body(client.GET('/v1/incidents/{incident}/receipts', { params: of(incident) })),
  acknowledge: (incident: string, delivered: number, read: number) =>
    body(client.POST('/v1/incidents/{incident}/receipts', { params: of(incident), body: { delivered, read } })),
};

export const resources = {
  list: (cursor?: string | null) => body(client.GET('/v1/incidents/resources', { params: { query: cursor ? { cursor } : {} } })),
  bookOn: (resource: string) => body(client.PUT('/v1/incidents/me/resource', { body: { resource } })),
  bookOff: () => body(client.DELETE('/v1/incidents/me/resource')),
  status: (resource: string, code: string, happened_at: string) =>
    body(client.POST('/v1/incidents/resources/{resource}/status', { params: { path: { resource } }, body: { code, happened_at } })),
};

export const media = {
  /** Says how far the upload is; the same id again begins nothing twice. */
  begin: (incident: string, question: T.MediaQuestion) => body(client.POST('/v1/incidents/{incident}/media', { params: of(incident), body: question })),
  piece: (incident: string, media: string, offset: number, piece: ArrayBuffer) =>
    body(
      client.PATCH('/v1/incidents/{incident}/media/{media}', {
        params: { path: { incident, media }, header: { 'upload-offset': offset } },
        body: piece as unknown as string,
        bodySerializer: (raw: unknown) => raw as ArrayBuffer,
        headers: { 'Content-Type': 'application/octet-stream' },
      }),
    ),
  thumbnail: (incident: string, media: string) => `/v1/incidents/${incident}/media/${media}/thumbnail?size=1280`,
};

export const positions = {
  report: (question: T.PositionReports) => body(client.POST('/v1/incidents/positions', { body: question })),
  /** West, south, east, north, comma-separated. */
  around: (bbox: string) => body(client.GET('/v1/incidents/positions', { params: { query: { bbox } } })),
};

export const emergencies = {
  /** Said again under the same id it raises nothing and answers how it stands. */
  raise: (question: T.EmergencyQuestion) => body(client.POST('/v1/incidents/emergencies', { body: question })),
};
