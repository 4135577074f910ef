import { FormError } from './errors.ts';

// RFC 3339, section 5.6, with the blank that its note allows in place of the T (`date --rfc-3339` and Python's str() write it).
const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/;
const UNIX_SECONDS = /^\d{10}(\.\d{1,9})?$/;
const UNIX_MILLISECONDS = /^\d{13}$/;

/**
 * A time stamp the API takes, from `now`, RFC 3339 with `Z` or an offset, or Unix time in seconds (10 digits, a fraction
 * allowed) or milliseconds (13 digits). A valid RFC 3339 text comes back as it is, so microseconds survive.
 * Throws {@link FormError}.
 */
export function parseTimestamp(text: string, now: Date): string {
  if (text === 'now') return now.toISOString();
  const [unixSeconds, fraction = ''] = UNIX_SECONDS.exec(text) ?? [];
  if (unixSeconds !== undefined) {
    return new Date(Number(text.slice(0, 10)) * 1000).toISOString().replace('.000Z', `${fraction}Z`);
  }
  if (UNIX_MILLISECONDS.test(text)) return new Date(Number(text)).toISOString();

  const [whole, year, month, day, hour, minute, second, offset] = RFC_3339.exec(text) ?? [];
  if (whole === undefined) {
    if (/^\d+$/.test(text)) {
      const message = `has ${text.length} digits. Unix time has 10 for seconds or 13 for milliseconds`;
      throw new FormError(message, { found: text });
    }
    if (/[+-]\d{4}$/.test(text)) {
      throw new FormError('has an offset without a colon. Write it as +02:00', { found: text });
    }
    throw new FormError(
      'is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)',
      { found: text },
    );
  }
  if (offset === undefined) {
    throw new FormError('has no offset. Add Z for UTC, or one such as +02:00', { found: text });
  }
  const exists =
    Number(day) >= 1 &&
    Number(day) <= daysIn(Number(year), Number(month)) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60;
  if (!exists) throw new FormError('is a date or time that does not exist', { found: text });
  return text;
}

/** Milliseconds since the Unix epoch, undefined where the text is no RFC 3339 time. With no offset it is UTC, as the API's are. */
export function instantOf(timestamp: string): number | undefined {
  // Date.parse alone takes nearly anything for a time, and one with no offset for local.
  const [whole, , , , , , , offset] = RFC_3339.exec(timestamp) ?? [];
  if (whole === undefined) return undefined;
  const instant = Date.parse(`${whole.toUpperCase().replace(' ', 'T')}${offset === undefined ? 'Z' : ''}`);
  return Number.isNaN(instant) ? undefined : instant;
}

function daysIn(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  // Day 0 of the next month is the last of this one. The calendar repeats every 400 years; Date.UTC takes 0 to 99 for 19…
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
