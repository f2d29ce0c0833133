// Numbers, times and ages in the words an operator would use. Times are shown as the United Kingdom's clocks show them.

const ZONE = 'Europe/London';
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, day: 'numeric', month: 'short', year: 'numeric' });
const shortDay = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, weekday: 'short', day: 'numeric', month: 'short' });
const count = new Intl.NumberFormat('en-GB');

export function number(value: number): string {
  return count.format(value);
}

export function clockTime(iso: string): string {
  return clock.format(new Date(iso));
}

export function dayOf(iso: string): string {
  return day.format(new Date(iso));
}

export function shortDayOf(iso: string): string {
  return shortDay.format(new Date(iso));
}

/** "14 Mar 2026, 03:12:09"; the day is left out when it is the day of `now`. */
export function when(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return 'time unknown';
  return day.format(date) === day.format(now) ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

/** "just now", "40 s ago", "12 min ago", "3 h ago", "5 days ago"; the future is said to be so. */
export function age(iso: string, nowMs: number): string {
  const seconds = Math.round((nowMs - new Date(iso).getTime()) / 1000);
  if (Number.isNaN(seconds)) return '';
  if (seconds < -5) return `in ${span(-seconds)}`;
  if (seconds < 5) return 'just now';
  return `${span(seconds)} ago`;
}

export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export function percent(share: number): string {
  const value = share * 100;
  // Never round doubt away: 99.6% is not "100%".
  return `${value > 99 && value < 100 ? 99 : Math.round(value)}%`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

const ZONED = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
});

function zonedParts(ms: number): Record<string, string> {
  return Object.fromEntries(ZONED.formatToParts(ms).map((p) => [p.type, p.value]));
}

/** The value for a datetime-local field (minutes) that shows an instant on the United Kingdom's clocks. */
export function toLocalField(ms: number): string {
  const p = zonedParts(ms);
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

/** The instant (RFC 3339 UTC) of a datetime-local field read on the United Kingdom's clocks; null if empty or malformed. */
export function fromLocalField(value: string): string | null {
  const m = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(value);
  if (!m) return null;
  const wall = Date.UTC(+m[1]!, +m[2]! - 1, +m[3]!, +m[4]!, +m[5]!);
  const p = zonedParts(wall);
  const shown = Date.UTC(+p.year!, +p.month! - 1, +p.day!, +p.hour!, +p.minute!, +p.second!);
  return new Date(wall - (shown - wall)).toISOString();
}
