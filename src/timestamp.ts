import * as z from 'zod/mini';
import { FormError } from './errors.ts';
import { counted, quoted } from './text.ts';

const UNIX_SECONDS = /^(\d{10})(\.\d{1,9})?$/;
const UNIX_MILLISECONDS = /^\d{13}$/;
const DATE_AND_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const WITH_OFFSET = z.iso.datetime({ offset: true });

/**
 * A timestamp for the API, from `now`, RFC 3339 with `Z` or an offset, or Unix time in seconds (10 digits, a fraction
 * allowed) or milliseconds (13 digits). Valid RFC 3339 is returned unchanged, so microseconds survive. Throws
 * {@link FormError}.
 */
export function parseTimestamp(text: string, now: Date): string {
  if (text === 'now') return now.toISOString();
  const [, seconds, fraction = ''] = UNIX_SECONDS.exec(text) ?? [];
  if (seconds !== undefined) {
    return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', `${fraction}Z`);
  }
  if (UNIX_MILLISECONDS.test(text)) return new Date(Number(text)).toISOString();
  if (isTime(text)) return text;
  throw new FormError(`${quoted(text)} ${faultOf(text)}`);
}

/** Milliseconds since the Unix epoch; undefined if this is not an RFC 3339 time. Without an offset it is UTC, as in the API. */
export function instantOf(timestamp: string | null | undefined): number | undefined {
  if (!timestamp) return undefined;
  const complete = isTime(timestamp) ? timestamp : `${timestamp}Z`;
  return isTime(complete) ? Date.parse(normal(complete)) : undefined;
}

function isTime(text: string): boolean {
  return z.safeParse(WITH_OFFSET, normal(text)).success;
}

/** RFC 3339 allows lower case, and a space instead of the T, as `date --rfc-3339` and Python's `str()` write it. */
function normal(text: string): string {
  return text.toUpperCase().replace(' ', 'T');
}

function faultOf(text: string): string {
  if (/^\d+$/.test(text)) {
    return `has ${counted(text.length, 'digit')}. Unix time has 10 for seconds or 13 for milliseconds`;
  }
  if (/:\d\d.*[+-]\d{4}$/.test(text)) return 'has an offset without a colon. Write it as +02:00';
  if (isTime(`${text}Z`)) return 'has no offset. Add Z for UTC, or an offset such as +02:00';
  if (DATE_AND_TIME.test(normal(text))) return 'is a date or time that does not exist';
  return 'is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)';
}
