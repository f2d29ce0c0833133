// Every call the console makes, by noun. Paths, questions and answers are checked against the API's own description.
import { body, client, CSV } from './http';
import type * as T from './types';

type Cursor = string | null | undefined;
const at = (cursor: Cursor): { cursor?: string } => (cursor ? { cursor } : {});
// The description says that a CSV body is text; a file is sent as it is, without reading it into memory.
const asText = (file: Blob): string => file as unknown as string;

export const session = {
  me: () => body(client.GET('/v1/me')),
  signIn: (username: string, password: string) => body(client.POST('/v1/session', { body: { username, password } })),
  ways: () => body(client.GET('/v1/session/ways')),
  signOut: () => body(client.DELETE('/v1/session')),
  signOutOfProvider: () => body(client.POST('/v1/oidc/sign-out')),
  changePassword: (current: string, fresh: string) => body(client.POST('/v1/me/password', { body: { current, new: fresh } })),
};

export const account = {
  lock: () => body(client.POST('/v1/session/lock')),
  sessions: () => body(client.GET('/v1/me/sessions')),
  endSession: (session: string) => body(client.DELETE('/v1/me/sessions/{session}', { params: { path: { session } } })),
  endOthers: () => body(client.DELETE('/v1/me/sessions')),
  passkeys: () => body(client.GET('/v1/me/passkeys')),
  renamePasskey: (passkey: string, name: string) => body(client.PATCH('/v1/me/passkeys/{passkey}', { params: { path: { passkey } }, body: { name } })),
  removePasskey: (passkey: string) => body(client.DELETE('/v1/me/passkeys/{passkey}', { params: { path: { passkey } } })),
};

export const people = {
  users: (cursor?: Cursor) => body(client.GET('/v1/users', { params: { query: at(cursor) } })),
  add: (user: { username: string; name: string; agency: string; roles: string[] }) => body(client.POST('/v1/users', { body: user })),
  change: (user: string, change: { name?: string; roles?: string[]; active?: boolean }) =>
    body(client.PATCH('/v1/users/{user}', { params: { path: { user } }, body: change })),
  resetPassword: (user: string) => body(client.POST('/v1/users/{user}/password', { params: { path: { user } } })),
  endLockOut: (user: string) => body(client.DELETE('/v1/users/{user}/lock-out', { params: { path: { user } } })),
  agencies: () => body(client.GET('/v1/agencies')),
  purposes: () => body(client.GET('/v1/purposes')),
  audit: (query: { person?: string; subject?: string; reference?: string; action?: string; kind?: T.AuditRow['kind'][]; from?: string; to?: string; cursor?: string }) =>
    body(client.GET('/v1/audit', { params: { query } })),
  auditProof: (entry_id: string) => body(client.GET('/v1/audit/entries/{entry_id}/proof', { params: { path: { entry_id } } })),
};

const MEDIA: Record<string, string> = { csv: 'text/csv', json: 'application/json', ndjson: 'application/x-ndjson', jsonl: 'application/x-ndjson' };

export const directory = {
  shown: () => body(client.GET('/v1/misuse/directory')),
  /** Replaces what was loaded before; the ending of the name says what the file is. */
  load: (file: File) =>
    body(
      client.POST('/v1/misuse/directory', {
        body: asText(file),
        bodySerializer: CSV.bodySerializer,
        headers: { 'Content-Type': MEDIA[file.name.split('.').pop()?.toLowerCase() ?? ''] ?? 'text/csv' },
      }),
    ),
  erase: () => body(client.DELETE('/v1/misuse/directory')),
};

export const reviews = {
  queue: (query: { state?: T.Review['state']; kind?: T.Review['kind']; cursor?: string }) => body(client.GET('/v1/reviews', { params: { query } })),
  story: (review: string) => body(client.GET('/v1/reviews/{review}', { params: { path: { review } } })),
  decide: (review: string, outcome: T.Verdict, note: string) =>
    body(client.POST('/v1/reviews/{review}/decision', { params: { path: { review } }, body: { outcome, note } })),
  figures: () => body(client.GET('/v1/reviews/statistics')),
  draws: () => body(client.GET('/v1/reviews/draws')),
  check: (draw: string) => body(client.GET('/v1/reviews/draws/{draw}', { params: { path: { draw } } })),
  mine: () => body(client.GET('/v1/me/reviews')),
  answer: (review: string, text: string) => body(client.POST('/v1/me/reviews/{review}/answer', { params: { path: { review } }, body: { text } })),
};

export const transparency = {
  report: () => body(client.GET('/v1/transparency')),
};

export const cameras = {
  list: (query: { q?: string; status?: T.CameraStatus; cursor?: string; limit?: number }) =>
    body(client.GET('/v1/anpr/cameras', { params: { query } })),
  map: async () => (await body(client.GET('/v1/anpr/cameras/map'))) as { cameras: T.MapCamera[]; reads_today: number },
  one: (camera_id: string) => body(client.GET('/v1/anpr/cameras/{camera_id}', { params: { path: { camera_id } } })),
  change: (camera_id: string, change: T.CameraChange) =>
    body(client.PATCH('/v1/anpr/cameras/{camera_id}', { params: { path: { camera_id } }, body: change })),
  import: (file: Blob) => body(client.POST('/v1/anpr/cameras/import', { body: asText(file), ...CSV })),
  exportHref: '/v1/anpr/cameras/export.csv',
};

export const sources = {
  list: (cursor?: Cursor) => body(client.GET('/v1/anpr/sources', { params: { query: at(cursor) } })),
  one: (source_id: string) => body(client.GET('/v1/anpr/sources/{source_id}', { params: { path: { source_id } } })),
  add: (source: T.SourceQuestion) => body(client.POST('/v1/anpr/sources', { body: source })),
  change: (source_id: string, change: { active?: boolean; name?: string }) =>
    body(client.PATCH('/v1/anpr/sources/{source_id}', { params: { path: { source_id } }, body: change })),
  rotate: (source_id: string) => body(client.POST('/v1/anpr/sources/{source_id}/keys', { params: { path: { source_id } } })),
  revoke: (source_id: string, key_id: string) =>
    body(client.DELETE('/v1/anpr/sources/{source_id}/keys/{key_id}', { params: { path: { source_id, key_id } } })),
};

export const rejects = {
  list: (query: { source?: string; code?: string; cursor?: string }) => body(client.GET('/v1/anpr/rejects', { params: { query } })),
  one: (reject_id: string) => body(client.GET('/v1/anpr/rejects/{reject_id}', { params: { path: { reject_id } } })),
  replay: (question: { source: string; ids?: string[]; code: string }) => body(client.POST('/v1/anpr/rejects/replay', { body: question })),
};

export const lists = {
  all: (cursor?: Cursor) => body(client.GET('/v1/anpr/lists', { params: { query: at(cursor) } })),
  one: (list_id: string) => body(client.GET('/v1/anpr/lists/{list_id}', { params: { path: { list_id } } })),
  add: (list: { name: string; description: string }) => body(client.POST('/v1/anpr/lists', { body: list })),
  entries: (list_id: string, query: { vrm?: string; cursor?: string }) =>
    body(client.GET('/v1/anpr/lists/{list_id}/entries', { params: { path: { list_id }, query } })),
  addEntry: (list_id: string, entry: T.EntryQuestion) =>
    body(client.POST('/v1/anpr/lists/{list_id}/entries', { params: { path: { list_id } }, body: entry })),
  changeEntry: (entry_id: string, change: T.EntryChange) =>
    body(client.PATCH('/v1/anpr/entries/{entry_id}', { params: { path: { entry_id } }, body: change })),
  removeEntry: (entry_id: string) => body(client.DELETE('/v1/anpr/entries/{entry_id}', { params: { path: { entry_id } } })),
  import: (list_id: string, file: Blob) =>
    body(client.POST('/v1/anpr/lists/{list_id}/import', { params: { path: { list_id } }, body: asText(file), ...CSV })),
  review: (cursor?: Cursor) => body(client.GET('/v1/anpr/entries/review', { params: { query: at(cursor) } })),
};

export const hits = {
  list: (query: { limit?: number; cursor?: string; state?: 'open' | 'taken' | 'closed' }) => body(client.GET('/v1/anpr/hits', { params: { query } })),
  one: (hit_id: string) => body(client.GET('/v1/anpr/hits/{hit_id}', { params: { path: { hit_id } } })),
  take: (hit_id: string) => body(client.POST('/v1/anpr/hits/{hit_id}/take', { params: { path: { hit_id } } })),
  release: (hit_id: string) => body(client.POST('/v1/anpr/hits/{hit_id}/release', { params: { path: { hit_id } } })),
  dispose: (hit_id: string, outcome: T.Outcome, note: string) =>
    body(client.POST('/v1/anpr/hits/{hit_id}/disposition', { params: { path: { hit_id } }, body: { outcome, note } })),
  mutes: () => body(client.GET('/v1/anpr/mutes')),
  mute: (question: T.MuteQuestion) => body(client.POST('/v1/anpr/mutes', { body: question })),
  unmute: (mute_id: string) => body(client.DELETE('/v1/anpr/mutes/{mute_id}', { params: { path: { mute_id } } })),
  handovers: () => body(client.GET('/v1/anpr/handovers')),
  openNow: () => body(client.GET('/v1/anpr/handovers/summary')),
  handOver: (note: string) => body(client.POST('/v1/anpr/handovers', { body: { note } })),
};

export const searches = {
  run: (question: T.SearchCriteria) => body(client.POST('/v1/anpr/searches', { body: question })),
  list: (query: { saved?: boolean; cursor?: string; limit?: number }) => body(client.GET('/v1/anpr/searches', { params: { query } })),
  one: (search: string, cursor?: Cursor) => body(client.GET('/v1/anpr/searches/{search}', { params: { path: { search }, query: at(cursor) } })),
  change: (search: string, change: T.SearchChange) => body(client.PATCH('/v1/anpr/searches/{search}', { params: { path: { search } }, body: change })),
  summary: (search: string) => body(client.GET('/v1/anpr/searches/{search}/summary', { params: { path: { search } } })),
  journey: (search: string) => body(client.GET('/v1/anpr/searches/{search}/journey', { params: { path: { search } } })),
  export: (search: string, format: 'csv' | 'geojson' | 'pdf') =>
    body(client.POST('/v1/anpr/searches/{search}/exports', { params: { path: { search } }, body: { format } })),
  notices: () => body(client.GET('/v1/anpr/notices', { params: { query: { unseen: true } } })),
  noticeSeen: (id: string) => body(client.POST('/v1/anpr/notices/{id}/seen', { params: { path: { id } } })),
};

const because = (preservation: string, reason: string) => ({ params: { path: { preservation } }, body: { reason } });

export const preservations = {
  make: (question: T.PreservationQuestion) => body(client.POST('/v1/anpr/preservations', { body: question })),
  list: (query: { released?: boolean; cursor?: string }) => body(client.GET('/v1/anpr/preservations', { params: { query } })),
  review: (preservation: string, review_at: string, reason: string) =>
    body(client.POST('/v1/anpr/preservations/{preservation}/review', { params: { path: { preservation } }, body: { review_at, reason } })),
  hold: (preservation: string, reason: string) => body(client.POST('/v1/anpr/preservations/{preservation}/hold', because(preservation, reason))),
  lift: (preservation: string, reason: string) => body(client.POST('/v1/anpr/preservations/{preservation}/lift', because(preservation, reason))),
  release: (preservation: string, reason: string) => body(client.POST('/v1/anpr/preservations/{preservation}/release', because(preservation, reason))),
};

export const retention = { report: () => body(client.GET('/v1/anpr/retention')) };

export const authority = {
  list: (query: { whose?: 'mine' | 'agency'; state?: T.Authorisation['state']; cursor?: string; limit?: number }) =>
    body(client.GET('/v1/accountability/authorisations', { params: { query: query as { whose?: 'mine' | 'agency' } } })),
  one: (authorisation: string) => body(client.GET('/v1/accountability/authorisations/{authorisation}', { params: { path: { authorisation } } })),
  ask: (question: T.AuthorityQuestion) => body(client.POST('/v1/accountability/authorisations', { body: question })),
  override: (question: T.OverrideQuestion) => body(client.POST('/v1/accountability/overrides', { body: question })),
  decide: (authorisation: string, decision: { grant: boolean; reason: string; hours?: number }) =>
    body(client.POST('/v1/accountability/authorisations/{authorisation}/decision', { params: { path: { authorisation } }, body: decision })),
  end: (authorisation: string, reason: string) =>
    body(client.POST('/v1/accountability/authorisations/{authorisation}/revocation', { params: { path: { authorisation } }, body: { reason } })),
  deciders: () => body(client.GET('/v1/accountability/deciders')),
  deputies: () => body(client.GET('/v1/accountability/deputies')),
  nameDeputy: (deputy: { username: string; from: string; to: string }) => body(client.POST('/v1/accountability/deputies', { body: deputy })),
  endDeputy: (deputy: string) => body(client.DELETE('/v1/accountability/deputies/{deputy}', { params: { path: { deputy } } })),
};

export const policy = {
  explain: (query: T.PolicyQuestion) => body(client.GET('/v1/policy/explain', { params: { query } })),
  book: () => body(client.GET('/v1/policy/policies')),
};
