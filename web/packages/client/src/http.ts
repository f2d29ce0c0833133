// One door to the API: cookies for the session, the header that proves a request came from our own page,
// problem+json turned into ApiError, and a hook for when the session has ended.
import { ApiError } from './errors';

export type Query = Record<string, string | number | boolean | null | undefined>;

let signedOut: () => void = () => undefined;

/** Called whenever the server says that nobody is signed in. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

function address(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  }
  const tail = params.toString();
  return tail ? `${path}?${tail}` : path;
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

async function send(method: string, path: string, init: RequestInit, query?: Query): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      credentials: 'same-origin',
      ...init,
      headers: { Accept: 'application/json', 'X-Bluelamp': '1', ...(init.headers as Record<string, string>) },
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, {});
  }
  if (response.ok) return response;
  const error = await problemOf(response);
  if (error.status === 401 && path !== '/v1/session') signedOut();
  throw error;
}

async function bodyOf<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return bodyOf<T>(await send('GET', path, signal ? { signal } : {}, query));
}

export async function mutate<T>(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown, query?: Query): Promise<T> {
  const init: RequestInit = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  return bodyOf<T>(await send(method, path, init, query));
}

/** Sends a file as it is, as the CSV imports expect it. */
export async function upload<T>(path: string, content: Blob | string, type: string): Promise<T> {
  return bodyOf<T>(await send('POST', path, { body: content, headers: { 'Content-Type': type } }));
}

export async function binary(path: string): Promise<Blob> {
  return (await send('GET', path, { headers: { Accept: '*/*' } })).blob();
}
