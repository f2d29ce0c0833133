// One door to the API: cookies for the session, the header that proves a request came from our own page,
// problem+json turned into ApiError, and a hook for when the session has ended.
import createClient from 'openapi-fetch';
import { ApiError } from './errors';
import type { paths } from './schema';

let signedOut: () => void = () => undefined;
let locked: (error: ApiError) => void = () => undefined;
let proveAgain: () => Promise<boolean> = () => Promise.resolve(false);
let contact: (answer: Contact | null) => void = () => undefined;
let patience: (request: Request) => number = () => 0;
let underWay = new AbortController();
let renewedAt = -1;
let renewable = false;

/** Called whenever the server says that nobody is signed in. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

/** Called whenever the server says that the session is locked; the error names whose it is. */
export function onLocked(handler: (error: ApiError) => void): void {
  locked = handler;
}

/** Asks the person for a proof when a request needs a recent one; true: repeat the request. */
export function onStepUp(handler: () => Promise<boolean>): void {
  proveAgain = handler;
}

/** When a request set out and came back (epoch milliseconds here), and what the platform's clock said (RFC 9110 date; empty: nothing). */
export interface Contact {
  sent: number;
  back: number;
  date: string;
}

/** Called after every request: with when it was answered, whatever the answer; null where the platform was not reached. */
export function onContact(handler: (answer: Contact | null) => void): void {
  contact = handler;
}

/** Whether somebody is signed in, as far as this tab knows. */
export function signedIn(known: boolean): void {
  renewable = known;
}

/** The session goes on under a new cookie: what is under way with the old one may be repeated. */
export function sessionRenewed(): void {
  renewedAt = performance.now();
}

async function problemOf(response: Response): Promise<ApiError> {
  try {
    const body: unknown = await response.json();
    if (body && typeof body === 'object') return new ApiError(response.status, body as Record<string, string>);
  } catch {
    // Not JSON: a proxy or a crash; the status alone must do.
  }
  return new ApiError(response.status, {});
}

/** How long a request may take, milliseconds; 0: as long as it does. A line that died in silence answers nothing for minutes. */
export function waitAtMost(limit: (request: Request) => number): void {
  patience = limit;
}

/** Gives up what is under way: the network is gone, and what comes next must not queue behind it. */
export function giveUp(): void {
  underWay.abort();
  underWay = new AbortController();
}

async function send(request: Request): Promise<Response> {
  const sent = Date.now();
  const limit = patience(request);
  const ends = [request.signal, underWay.signal, ...(limit ? [AbortSignal.timeout(limit)] : [])];
  try {
    const response = await fetch(request, { signal: AbortSignal.any(ends) });
    contact({ sent, back: Date.now(), date: response.headers.get('Date') ?? '' });
    return response;
  } catch {
    contact(null);
    throw new ApiError(0, {});
  }
}

async function checked(request: Request): Promise<Response> {
  const began = performance.now();
  // A table of a gigabyte is not held in memory for the case that it must be sent again.
  const again = request.headers.get('Content-Type') === 'text/csv' ? null : request.clone();
  let response = await send(request);
  if (response.ok) return response;
  let error = await problemOf(response);
  if (again && (wentOutTooEarly(error, request, began) || (error.code === 'step_up_needed' && (await proveAgain())))) {
    response = await send(again);
    if (response.ok) return response;
    error = await problemOf(response);
  }
  if (error.code === 'session_locked') locked(error);
  else if (error.code === 'unauthenticated') signedOut();
  throw error;
}

/** Sent with the cookie of before a proof, which may also have been given in another tab: of that we do not know, so only looks are repeated. */
function wentOutTooEarly(error: ApiError, request: Request, began: number): boolean {
  return error.code === 'unauthenticated' && (began < renewedAt || (request.method === 'GET' && renewable));
}

export const client = createClient<paths>({
  // An address of its own even where there is no page (tests run without one).
  baseUrl: typeof location === 'undefined' ? 'http://localhost' : location.origin,
  credentials: 'same-origin',
  headers: { Accept: 'application/json', 'X-Bluelamp': '1' },
  // Empty parameters are left out rather than sent empty; one of several values is sent several times.
  querySerializer: (query) =>
    new URLSearchParams(
      Object.entries(query as Record<string, unknown>)
        .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((one: unknown) => [key, one]))
        .filter(([, one]) => one !== null && one !== undefined && one !== '')
        .map(([key, one]) => [String(key), String(one)]),
    ).toString(),
  fetch: checked,
});

/** The body of an answer; refusals have already been thrown. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  try {
    return (await answer).data as T;
  } catch (error) {
    // The line went, or was given up, while the answer was being read: as good as not reached.
    if (error instanceof DOMException || error instanceof TypeError) throw new ApiError(0, {});
    throw error;
  }
}

export const CSV = { bodySerializer: (file: unknown) => file as Blob, headers: { 'Content-Type': 'text/csv' } };
