// The console's view of the platform's API.
export * as api from './api';
export { ApiError, inWords } from './errors';
export { onSignedOut } from './http';
export { openStream, type StreamEvent, type StreamHealth } from './stream';
export { lonLat } from './shapes';
export type * from './types';
