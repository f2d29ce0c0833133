// What the API speaks about, by the names the console uses. Generated from openapi/openapi.json (npm run client), never by hand.
import type { Readable } from 'openapi-typescript-helpers';
import type { components } from './schema';

// As answers show them, which is how the client's functions return them.
type S = Readable<components['schemas']>;

export type Me = S['Me'];
export type Provider = S['ProviderWay'];
export type Passkey = S['PasskeyItem'];
export type BrowserSession = S['SessionItem'];
export type User = S['UserItem'];
export type Agency = S['AgencyRef'];
export type Purpose = S['PurposeItem'];
export type AuditRow = S['AuditItem'];

export type Review = S['ReviewShown'];
export type ReviewStory = S['StoryShown'];
export type Look = S['LookShown'];
export type Verdict = S['VerdictQuestion']['outcome'];
export type ReviewFigures = S['ReviewStatistics'];
export type SampleDraw = S['DrawShown'];
export type SampleCheck = S['DrawChecked'];
export type AskedOfMe = S['AskedShown'];
export type PublicReport = S['TransparencyReport'];
export type DirectoryShown = S['DirectoryShown'];
export type DirectoryAnswer = S['DirectoryAnswer'];

export type Camera = S['CameraItem'];
export type CameraDetail = S['CameraDetail'];
export type CameraChange = S['CameraChange'];
/** id, longitude, latitude, status, name, agency */
export type MapCamera = [string, number, number, CameraStatus, string, string];
export type CameraStatus = Camera['status'];
export type DownPeriod = S['DownPeriod'];
export type ImportAnswer = S['ImportAnswer'];

export type Source = S['SourceItem'];
export type SourceKey = S['KeyItem'];
export type SourceQuestion = S['SourceQuestion'];
export type NewKey = S['SourceAdded'];
export type Reject = S['RejectItem'];
export type RejectDetail = S['RejectDetail'];

export type VoiList = S['ListItem'];
export type VoiEntry = S['EntryItem'];
export type ReviewEntry = S['ReviewItem'];
export type EntryQuestion = S['EntryQuestion'];
export type EntryChange = S['EntryChange'];
export type ListImportAnswer = S['ListImportAnswer'];

export type Hit = S['HitItem'];
export type Priority = Hit['entry']['priority'];
export type Disposition = S['Disposition'];
export type Outcome = Disposition['outcome'];
export type Mute = S['MuteItem'];
export type MuteQuestion = S['MuteQuestion'];
export type Handover = S['HandoverItem'];

export type Reason = S['Reason'];
export type SearchCriteria = S['SearchQuestion'];
export type SearchAnswer = S['SearchAnswer'];
export type SearchOpened = S['SearchOpened'];
export type SearchRow = S['SearchItem'];
export type SearchChange = S['SearchChange'];
export type ReadItem = S['ReadShown'];
export type Picture = S['ImageShown'];
export type Gap = S['GapShown'];
export type Summary = S['Summary'];
export type Journey = S['Journey'];
export type Leg = S['Leg'];
export type ExportAnswer = S['ExportMade'];
export type Preservation = S['PreservationShown'];
export type PreservationQuestion = S['PreservationQuestion'];
export type RetentionReport = S['RetentionReport'];
export type FoundNotice = S['NoticeShown'];

export type Authorisation = S['AuthorisationShown'];
export type AuthorityQuestion = S['AskQuestion'];
export type OverrideQuestion = S['ScopeQuestion'];
export type Decider = S['DeciderShown'];
export type Deputy = S['DeputyShown'];
export type Explanation = S['Explanation'];
export type PolicyBook = S['PolicyBook'];

export type IncidentRow = S['IncidentRow'];
export type IncidentState = S['IncidentState'];
export type Place = S['Place'];
export type LogEvent = S['EventShown'];
export type EventsQuestion = S['EventsQuestion'];
export type MyIncidents = S['MineShown'];
export type Resource = S['ResourceShown'];
export type Receipt = S['ReceiptShown'];
export type OpenIncident = S['OpenQuestion'];
export type Terms = S['TermsShown'];
export type EmergencyQuestion = S['EmergencyQuestion'];
export type MediaQuestion = S['MediaQuestion'];
export type PositionReports = S['ReportsQuestion'];
export type EmergencyCall = S['EmergencyShown'];

export interface PolicyQuestion {
  action?: string;
  purpose?: string;
  age_days?: number;
  authority?: 'none' | 'granted' | 'override';
  relation?: 'own' | 'shared' | 'other' | 'national';
  marking?: 'OFFICIAL' | 'OFFICIAL-SENSITIVE';
  person?: string;
}

export interface GeoPolygon {
  type: 'Polygon';
  coordinates: [number, number][][];
}
