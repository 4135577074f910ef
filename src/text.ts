import { present } from './present.ts';

/** The text, cut to at most `maxLength` UTF-16 units including a final `…`. Never cuts a character in half. */
export function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The text, cut to at most `maxBytes` bytes of UTF-8 including a final `…`. Never cuts a character in half. */
export function cutBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - Buffer.byteLength('…')));
  return `${text.slice(0, read)}…`;
}

/** A text in double quotes, cut, for an error message. */
export function quoted(text: string): string {
  return `"${cut(text, 200)}"`;
}

/** `1 test`, `2 tests`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The first ten names, each cut: `a, b, c, …`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => cut(name, 100));
  return present([...shown, names.length > 10 && '…']).join(', ');
}

/** The first `max` lines, and how many more there are, of `total`. */
export function firstOf(lines: readonly string[], max: number, total = lines.length): string[] {
  const shown = lines.slice(0, max);
  return total > shown.length ? [...shown, `and ${total - shown.length} more`] : shown;
}

/** A size as `32 MiB` or `0.1 MiB`, rounded up. */
export function mibText(bytes: number): string {
  return `${Math.ceil((bytes / 1024 / 1024) * 10) / 10} MiB`;
}

const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** An age in milliseconds in the largest unit that fits: `3 days`, `1 hour`, `0 seconds`. */
export function ageText(ms: number): string {
  const [size, unit] = UNITS.find(([length]) => ms >= length) ?? [1000, 'second'];
  return counted(Math.floor(Math.max(0, ms) / size), unit);
}

/** A duration in milliseconds as `0.423 s`, `12.5 s` or `3600 s`. */
export function secondsText(ms: number): string {
  // Larger numbers would be written as 1e+23.
  const seconds = Math.min(ms / 1000, Number.MAX_SAFE_INTEGER);
  return `${seconds < 100 ? Number(seconds.toPrecision(3)) : Math.round(seconds)} s`;
}

/** A JSON value as text: '' for null or undefined, text unchanged, anything else as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
