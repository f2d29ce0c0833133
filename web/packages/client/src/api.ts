// Every call the console makes, by noun.
import { binary, get, mutate, upload, type Query } from './http';
import type * as T from './types';

const enc = encodeURIComponent;

export const session = {
  me: () => get<T.Me>('/v1/me'),
  signIn: (username: string, password: string) => mutate<unknown>('POST', '/v1/session', { username, password }),
  signOut: () => mutate<void>('DELETE', '/v1/session'),
  changePassword: (current: string, fresh: string) => mutate<void>('POST', '/v1/me/password', { current, new: fresh }),
};

export const people = {
  users: (cursor?: string | null) => get<T.Page<T.User>>('/v1/users', { cursor }),
  add: (user: { username: string; name: string; agency: string; roles: string[] }) =>
    mutate<T.User>('POST', '/v1/users', user),
  change: (id: string, change: { name?: string; roles?: string[]; active?: boolean }) => mutate<T.User>('PATCH', `/v1/users/${enc(id)}`, change),
  resetPassword: (id: string) => mutate<{ password: string; hours?: number }>('POST', `/v1/users/${enc(id)}/password`),
  agencies: () => get<T.Page<T.Agency>>('/v1/agencies'),
  purposes: () => get<T.Page<T.Purpose>>('/v1/purposes'),
  audit: (query: Query) => get<T.Page<T.AuditRow>>('/v1/audit', query),
};

export const cameras = {
  list: (query: Query) => get<T.Page<T.Camera>>('/v1/anpr/cameras', query),
  map: () => get<{ cameras: T.MapCamera[] }>('/v1/anpr/cameras/map'),
  one: (id: string) =>
    get<T.Camera & { hourly?: { hour: string; reads: number }[]; down?: T.DownPeriod[] }>(`/v1/anpr/cameras/${enc(id)}`),
  change: (id: string, change: Record<string, unknown>) => mutate<T.Camera>('PATCH', `/v1/anpr/cameras/${enc(id)}`, change),
  import: (file: Blob) => upload<T.ImportAnswer>('/v1/anpr/cameras/import', file, 'text/csv'),
  exportHref: '/v1/anpr/cameras/export.csv',
};

export const sources = {
  list: (cursor?: string | null) => get<T.Page<T.Source>>('/v1/anpr/sources', { cursor }),
  one: (id: string) => get<T.Source>(`/v1/anpr/sources/${enc(id)}`),
  add: (source: { name: string; agency: string; format: string; timezone?: string; date_order?: string | null }) =>
    mutate<T.NewKey>('POST', '/v1/anpr/sources', source),
  change: (id: string, change: Record<string, unknown>) => mutate<T.Source>('PATCH', `/v1/anpr/sources/${enc(id)}`, change),
  rotate: (id: string) => mutate<T.NewKey>('POST', `/v1/anpr/sources/${enc(id)}/keys`),
  revoke: (id: string, key: string) => mutate<void>('DELETE', `/v1/anpr/sources/${enc(id)}/keys/${enc(key)}`),
};

export const rejects = {
  list: (query: Query) => get<T.Page<T.Reject>>('/v1/anpr/rejects', query),
  one: (id: string) => get<T.Reject>(`/v1/anpr/rejects/${enc(id)}`),
  replay: (body: { source: string; ids?: string[]; code?: string }) =>
    mutate<{ replayed: number; accepted: number; still_rejected: number }>('POST', '/v1/anpr/rejects/replay', body),
};

export const lists = {
  all: (cursor?: string | null) => get<T.Page<T.VoiList>>('/v1/anpr/lists', { cursor }),
  one: (id: string) => get<T.VoiList>(`/v1/anpr/lists/${enc(id)}`),
  add: (list: { name: string; description?: string }) => mutate<T.VoiList>('POST', '/v1/anpr/lists', list),
  change: (id: string, change: Record<string, unknown>) => mutate<T.VoiList>('PATCH', `/v1/anpr/lists/${enc(id)}`, change),
  remove: (id: string) => mutate<void>('DELETE', `/v1/anpr/lists/${enc(id)}`),
  entries: (id: string, query: Query) => get<T.Page<T.VoiEntry>>(`/v1/anpr/lists/${enc(id)}/entries`, query),
  addEntry: (id: string, entry: Partial<T.VoiEntry>) => mutate<T.VoiEntry>('POST', `/v1/anpr/lists/${enc(id)}/entries`, entry),
  changeEntry: (id: string, change: Record<string, unknown>) => mutate<T.VoiEntry>('PATCH', `/v1/anpr/entries/${enc(id)}`, change),
  removeEntry: (id: string) => mutate<void>('DELETE', `/v1/anpr/entries/${enc(id)}`),
  import: (id: string, file: Blob) => upload<T.ImportAnswer>(`/v1/anpr/lists/${enc(id)}/import`, file, 'text/csv'),
  review: (cursor?: string | null) => get<T.Page<T.VoiEntry>>('/v1/anpr/entries/review', { cursor }),
};

export const hits = {
  list: (query: Query) => get<T.Page<T.Hit>>('/v1/anpr/hits', query),
  one: (id: string) => get<T.Hit>(`/v1/anpr/hits/${enc(id)}`),
  take: (id: string) => mutate<T.Hit | undefined>('POST', `/v1/anpr/hits/${enc(id)}/take`),
  release: (id: string) => mutate<T.Hit | undefined>('POST', `/v1/anpr/hits/${enc(id)}/release`),
  dispose: (id: string, outcome: T.Outcome, note: string) =>
    mutate<T.Hit | undefined>('POST', `/v1/anpr/hits/${enc(id)}/disposition`, { outcome, note }),
  mutes: () => get<T.Page<T.Mute>>('/v1/anpr/mutes'),
  mute: (body: { camera?: string; entry?: string; minutes: number; reason: string }) => mutate<T.Mute>('POST', '/v1/anpr/mutes', body),
  unmute: (id: string) => mutate<void>('DELETE', `/v1/anpr/mutes/${enc(id)}`),
  handovers: () => get<T.Page<T.Handover>>('/v1/anpr/handovers'),
  handOver: (note: string) => mutate<T.Handover>('POST', '/v1/anpr/handovers', { note }),
};

export const searches = {
  run: (criteria: T.SearchCriteria) => mutate<T.SearchAnswer>('POST', '/v1/anpr/searches', criteria),
  list: (query: Query) => get<T.Page<T.SearchRow>>('/v1/anpr/searches', query),
  one: (id: string, cursor?: string | null) => get<T.SearchAnswer>(`/v1/anpr/searches/${enc(id)}`, { cursor }),
  change: (id: string, change: { name?: string; saved?: boolean; standing?: boolean; shared?: boolean }) =>
    mutate<T.SearchRow>('PATCH', `/v1/anpr/searches/${enc(id)}`, change),
  summary: (id: string) => get<T.Summary>(`/v1/anpr/searches/${enc(id)}/summary`),
  export: (id: string, format: 'csv' | 'geojson' | 'pdf') => mutate<T.ExportAnswer>('POST', `/v1/anpr/searches/${enc(id)}/exports`, { format }),
};

export const files = { binary };
