// The console's view of the platform's API.
export * as api from './api';
export { ApiError, inWords } from './errors';
export { onLocked, onSignedOut, onStepUp, signedIn } from './http';
export * as passkeys from './passkeys';
export { openStream, type StreamEvent, type StreamHealth } from './stream';
export { lonLat } from './shapes';
export type * from './types';
