// Sends a file to an incident: announced with its hash, then piece by piece; after a break it goes on where the platform stands.
import { ApiError, control, ulid } from '@bluelamp/client';

export interface Sent {
  name: string;
  /** Percent. */
  share: number;
}
const TRIES = 5;
const WAIT_MS = 1_500;

async function sha256(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Throws what the platform says where it refuses the file. */
export async function send(incident: string, file: File, caption: string, told: (how: Sent) => void): Promise<void> {
  const id = ulid();
  told({ name: file.name, share: 0 });
  let upload = await control.media.begin(incident, {
    id, bytes: file.size, sha256: await sha256(file), content_type: file.type, caption, taken_at: new Date(file.lastModified).toISOString(), sent_at: new Date().toISOString(), device: 'console', audience: [],
  });
  for (let failed = 0; upload.state === 'receiving' && failed < TRIES; ) {
    try {
      upload = await control.media.piece(incident, id, upload.offset, file.slice(upload.offset, upload.offset + upload.piece_bytes_max));
      told({ name: file.name, share: Math.floor((upload.offset / file.size) * 100) });
      failed = 0;
    } catch (error) {
      failed += 1;
      if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500 && error.status !== 409) || failed === TRIES) throw error;
      await new Promise((done) => setTimeout(done, WAIT_MS * failed));
      upload = await control.media.held(incident, id);
    }
  }
  if (upload.state === 'refused') throw new Error(upload.reason);
}
