// What is worked out of a picture on the device.

export async function fingerprint(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const KEPT = new Set(['image/jpeg', 'image/png', 'image/webp']);

/** Whether it is a picture of a kind that the platform keeps, by what is in it: a name says little. */
export async function isPicture(file: Blob): Promise<boolean> {
  if (!KEPT.has(file.type)) return false;
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}

export function bytesInWords(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
