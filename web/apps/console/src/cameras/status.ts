// Camera health in words and colour.
import type { CameraStatus } from '@bluelamp/client';

export const STATUSES: readonly (readonly [CameraStatus, string])[] = [
  ['ok', 'Working'],
  ['quiet', 'Quieter than usual'],
  ['late', 'Sends late'],
  ['drifting', 'Clock is wrong'],
  ['unread', 'Reads few plates'],
  ['down', 'Down'],
  ['never', 'Waiting for its first read'],
  ['inactive', 'Switched off'],
];

export function statusWords(status: CameraStatus): { words: string; tag: string } {
  const words = STATUSES.find(([key]) => key === status)?.[1] ?? String(status);
  const tag = { ok: 'bl-tag--good', down: 'bl-tag--high', never: '', inactive: '' }[status as string] ?? 'bl-tag--medium';
  return { words, tag };
}
