// What the API speaks about, as the console reads it. Fields that the server may leave out are optional here.

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Me {
  id: string;
  username: string;
  name: string;
  agency: { code: string; name: string };
  roles: string[];
  permissions: string[];
  /** The password is an administrator's: nothing works until the person has chosen one. */
  password_change_needed?: boolean;
}

export interface User {
  id: string;
  username: string;
  name: string;
  agency: { code: string; name: string };
  roles: string[];
  active: boolean;
  has_password?: boolean;
  password_change_needed?: boolean;
}

export interface Agency {
  code: string;
  name: string;
}

export interface Purpose {
  code: string;
  name: string;
  /** What its reference should be; empty: none is asked for. */
  reference?: string;
}

export type Position = { type: 'Point'; coordinates: [number, number] } | [number, number];

export interface CameraRef {
  id: string;
  name: string;
  position?: Position | null;
  road?: string | null;
}

export interface Picture {
  kind: 'plate' | 'overview';
  href: string;
  sha256: string;
}

export interface ReadItem {
  id: string;
  vrm: string;
  seen_as: string;
  captured_at: string;
  camera: CameraRef;
  confidence: number;
  likelihood?: number | null;
  images: Picture[];
  make?: string | null;
  model?: string | null;
  colour?: string | null;
  class?: string | null;
  direction?: string | null;
  lane?: number | null;
}

export type Priority = 'high' | 'medium' | 'low';
export type Outcome = 'correct' | 'misread' | 'clone_suspected' | 'no_longer_of_interest';

export interface EntryRef {
  id: string;
  list: { id: string; name: string };
  reason?: string | null;
  priority: Priority;
  marker?: string | null;
  instruction?: string | null;
  agency?: string | { code: string; name: string } | null;
}

export interface PersonRef {
  id?: string;
  username?: string;
  name?: string;
}

export interface Hit {
  id: string;
  vrm: string;
  seen_as: string;
  match: 'exact' | 'tolerant';
  score: number;
  why: string;
  entry: EntryRef;
  read: ReadItem;
  disposition: Disposition | null;
  taken_by: Taking | null;
  alert: boolean;
  /** Further reads of the same vehicle at the same camera, folded into this hit. */
  repeats: number;
  /** The camera has since corrected its read to another plate. */
  withdrawn?: boolean;
}

export type Taking = PersonRef & { at?: string; user?: PersonRef | string };
export type Disposition = { outcome: Outcome; note?: string | null; at?: string; by?: PersonRef | string | null };

export type CameraStatus = string;
/** id, longitude, latitude, status, name, agency */
export type MapCamera = [string, number, number, CameraStatus, string, string];

export interface Camera {
  id: string;
  external_id?: string;
  name: string;
  agency?: string | { code: string; name: string };
  source?: string | { id: string; name: string } | null;
  position?: Position | null;
  road?: string | null;
  bearing?: number | null;
  lane?: number | null;
  status?: CameraStatus;
  last_seen?: string | null;
  health?: CameraHealth | null;
}

export interface CameraHealth {
  status?: CameraStatus;
  last_seen?: string | null;
  reads_last_hour?: number | null;
  usual_reads_per_hour?: number | null;
  clock_drift_ms?: number | null;
  late_share?: number | null;
  unread_share?: number | null;
}

export interface DownPeriod {
  from: string;
  to: string | null;
  reason?: string | null;
}

export interface RejectedRow {
  line: number;
  code: string;
  message: string;
}

export interface ImportAnswer {
  imported: number;
  updated?: number;
  rejected: RejectedRow[];
}

export interface Source {
  id: string;
  name: string;
  agency: string;
  format: string;
  timezone: string;
  date_order: 'mdy' | 'dmy' | 'unknown' | null;
  active: boolean;
  created_at: string;
  keys: SourceKey[];
  last_24_hours?: { accepted: number; duplicates: number; amended: number; without_plate: number; rejected: number };
}

export interface SourceKey {
  id: string;
  prefix: string;
  created_at: string;
  revoked_at: string | null;
}

/** The key is shown this once. */
export interface NewKey {
  id: string;
  key_id: string;
  key: string;
}

export interface Reject {
  id: string;
  source?: string | { id: string; name: string };
  code: string;
  message: string;
  received_at?: string;
  excerpt?: string;
  body?: string;
  replayed_at?: string | null;
}

export interface VoiList {
  id: string;
  name: string;
  agency?: string | { code: string; name: string };
  description?: string | null;
  entries?: number;
  active?: boolean;
}

export interface VoiEntry {
  id: string;
  vrm: string;
  reason?: string | null;
  priority: Priority;
  marker?: string | null;
  instruction?: string | null;
  starts?: string | null;
  expires?: string | null;
  list?: { id: string; name: string };
  active?: boolean;
}

export interface SearchCriteria {
  vrm?: string;
  vrms?: string[];
  pattern?: string;
  tolerance?: 'exact' | 'likely' | 'possible';
  from?: string;
  to?: string;
  bbox?: [number, number, number, number];
  area?: GeoPolygon;
  cameras?: string[];
  direction?: string;
  make?: string;
  model?: string;
  colour?: string;
  reason: Reason;
}

export interface GeoPolygon {
  type: 'Polygon';
  coordinates: [number, number][][];
}

export interface Reason {
  purpose: string;
  reference: string;
}

export interface Gap {
  id: string;
  name: string;
  position?: Position | null;
  from?: string;
  to?: string | null;
  periods?: DownPeriod[];
}

export interface SearchAnswer {
  id: string;
  items: ReadItem[];
  gaps: Gap[];
  next: string | null;
  criteria?: Partial<SearchCriteria>;
  name?: string | null;
  saved?: boolean;
  standing?: boolean;
  shared?: boolean;
}

export interface SearchRow {
  id: string;
  name?: string | null;
  criteria?: Partial<SearchCriteria>;
  created_at?: string;
  saved?: boolean;
  standing?: boolean;
  shared?: boolean;
  by?: PersonRef | string;
  found?: number | null;
}

export interface Summary {
  total?: number;
  first_seen?: string | null;
  last_seen?: string | null;
  cameras?: { id: string; name: string; count: number; position?: Position | null }[];
  by_hour?: number[];
  by_weekday?: number[];
}

export interface ExportAnswer {
  id: string;
  files: { name: string; href: string; sha256: string; bytes: number }[];
}

export interface AuditRow {
  id: string;
  at: string;
  person: { id: string; username: string };
  agency: string;
  kind: string;
  action: string;
  subjects: string[];
  purpose: string;
  reference: string;
  detail: Record<string, unknown>;
  outcome: { outcome: string; count: number; at: string } | null;
}

export interface Mute {
  id: string;
  camera?: string | { id: string; name: string } | null;
  entry?: string | { id: string; vrm?: string } | null;
  until: string;
  reason?: string | null;
  by?: PersonRef | string | null;
}

export interface Handover {
  id: string;
  at?: string;
  note: string;
  by?: PersonRef | string | null;
  hits?: unknown[];
  open?: number;
}
