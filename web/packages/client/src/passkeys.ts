// Passkeys: the platform's question, the authenticator's answer, the platform's word. The browser checks the address for us.
import { body, client, sessionRenewed } from './http';
import type { Me, Passkey } from './types';

type Json = Record<string, unknown>;

/** Browsers offer passkeys to pages with a name that came over a safe line, which `localhost` is and an IP address is not. */
export function possible(): boolean {
  return isSecureContext && typeof PublicKeyCredential !== 'undefined' && !/^[\d.]+$|:/.test(location.hostname);
}

async function answerTo(question: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(question as unknown as PublicKeyCredentialRequestOptionsJSON);
  return inJson(await navigator.credentials.get({ publicKey }));
}

function inJson(credential: Credential | null): Json {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('The browser gave no passkey.');
  return credential.toJSON() as unknown as Json;
}

/** Why nothing came of it, in words: browsers say the same of "cancelled", "timed out" and "no such passkey". */
export function inWords(error: unknown): string | null {
  if (!(error instanceof DOMException)) return null;
  if (error.name === 'InvalidStateError') return 'This device holds a passkey of yours already.';
  return 'No passkey was used. Try again, or use your password.';
}

export async function signIn(): Promise<Me> {
  const question = await body(client.GET('/v1/session/passkey'));
  return body(client.POST('/v1/session/passkey', { body: { passkey: await answerTo(question) } }));
}

export async function prove(): Promise<void> {
  const question = await body(client.POST('/v1/session/proof/question'));
  await body(client.POST('/v1/session/proof', { body: { passkey: await answerTo(question) } }));
  sessionRenewed();
}

export async function proveByPassword(password: string): Promise<void> {
  await body(client.POST('/v1/session/proof', { body: { password } }));
  sessionRenewed();
}

export async function enrol(name: string): Promise<Passkey> {
  const question = await body(client.POST('/v1/me/passkeys/question'));
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(question as unknown as PublicKeyCredentialCreationOptionsJSON);
  const passkey = inJson(await navigator.credentials.create({ publicKey }));
  return body(client.POST('/v1/me/passkeys', { body: { name, passkey } }));
}
