// The console's view of the platform's API.
export * as api from './api';
export * as incidentApi from './incidents';
export * as control from './control';
export { ApiError, inWords } from './errors';
export { giveUp, onContact, onLocked, onSignedOut, onStepUp, signedIn, waitAtMost, type Contact } from './http';
export {
  openLive,
  type Follow,
  type LiveEvent,
  type LiveHealth,
  type LiveLine,
  type LiveMessage,
  type LivePosition,
  type OwnPosition,
} from './live';
export * as passkeys from './passkeys';
export { openStream, type StreamEvent, type StreamHealth } from './stream';
export { lonLat } from './shapes';
export type * from './types';
export { ulid } from './ulid';
