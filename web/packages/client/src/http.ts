// One door to the API: cookies for the session, the header that proves a request came from our own page,
// problem+json turned into ApiError, and a hook for when the session has ended.
import createClient from 'openapi-fetch';
import { ApiError } from './errors';
import type { paths } from './schema';

let signedOut: () => void = () => undefined;

/** Called whenever the server says that nobody is signed in. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
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

async function checked(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request);
  } catch {
    throw new ApiError(0, {});
  }
  if (response.ok) return response;
  const error = await problemOf(response);
  if (error.status === 401 && !request.url.endsWith('/v1/session')) signedOut();
  throw error;
}

export const client = createClient<paths>({
  // An address of its own even where there is no page (tests run without one).
  baseUrl: typeof location === 'undefined' ? 'http://localhost' : location.origin,
  credentials: 'same-origin',
  headers: { Accept: 'application/json', 'X-Bluelamp': '1' },
  // Empty parameters are left out rather than sent empty.
  querySerializer: (query) =>
    new URLSearchParams(
      Object.entries(query as Record<string, unknown>)
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([key, value]) => [key, String(value)]),
    ).toString(),
  fetch: checked,
});

/** The body of an answer; refusals have already been thrown. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

export const CSV = { bodySerializer: (file: unknown) => file as Blob, headers: { 'Content-Type': 'text/csv' } };
