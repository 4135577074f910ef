import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormError } from '../src/errors.ts';
import { instantOf, parseTimestamp } from '../src/timestamp.ts';

const NOW = new Date('2026-04-07T13:33:27.179Z');

/** What a text means, or why it is refused. */
function readingOf(text: string): string | FormError {
  try {
    return parseTimestamp(text, NOW);
  } catch (error) {
    if (error instanceof FormError) return error;
    throw error;
  }
}

/** Whole numbers as digits, zeros in front. */
const digits = (max: number, width: number) =>
  fc.nat(max).map((number) => String(number).padStart(width, '0'));

describe('a timestamp', () => {
  it('in RFC 3339 is sent as it was written', () => {
    const form = fc.tuple(
      fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
      fc.constantFrom('T', 't', ' '),
      fc.constantFrom('', '.1', '.123456', '.123456789012'),
      fc.constantFrom('Z', 'z', '+00:00', '-00:00', '+05:45', '-11:30', '+23:59'),
    );
    fc.assert(
      fc.property(form, ([date, separator, fraction, offset]) => {
        const iso = date.toISOString();
        const text = `${iso.slice(0, 10)}${separator}${iso.slice(11, 19)}${fraction}${offset}`;
        expect(readingOf(text)).toBe(text);
      }),
    );
  });

  it('is accepted if and only if that second exists', () => {
    const clock = fc.tuple(
      digits(9999, 4),
      digits(14, 2),
      digits(33, 2),
      digits(25, 2),
      digits(61, 2),
      digits(61, 2),
    );
    fc.assert(
      fc.property(clock, (parts) => {
        const [year = 0, month = 0, day, hour = 0, minute, second] = parts.map(Number);
        const text = `${parts.slice(0, 3).join('-')}T${parts.slice(3).join(':')}Z`;
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        date.setUTCHours(hour, minute, second);
        expect(readingOf(text) === text).toBe(date.toISOString().replace('.000Z', 'Z') === text);
      }),
      { numRuns: 1000 },
    );
  });

  it('may be on 29 February only in leap years', () => {
    const years = ['0000', '0004', '0100', '1900', '2000', '2023', '2024', '2100', '2400'];
    const leap = years.filter((year) => typeof readingOf(`${year}-02-29T00:00:00Z`) === 'string');
    expect(leap).toEqual(['0000', '0004', '2000', '2024', '2400']);
  });

  it('in Unix time is the same instant, to the given digits', () => {
    const seconds = fc.integer({ min: 1_000_000_000, max: 9_999_999_999 });
    fc.assert(
      fc.property(seconds, digits(999, 3), digits(999_999, 6), (seconds, millis, micros) => {
        const second = new Date(seconds * 1000).toISOString().slice(0, 19);
        expect(readingOf(`${seconds}`)).toBe(`${second}Z`);
        expect(readingOf(`${seconds}.${millis}${micros}`)).toBe(`${second}.${millis}${micros}Z`);
        expect(readingOf(`${seconds}${millis}`)).toBe(`${second}.${millis}Z`);
      }),
    );
  });

  it('that says now is the given instant', () => {
    expect(readingOf('now')).toBe('2026-04-07T13:33:27.179Z');
  });

  const NO_OFFSET = 'has no offset. Add Z for UTC, or an offset such as +02:00';
  const NO_COLON = 'has an offset without a colon. Write it as +02:00';
  const NOT_REAL = 'is a date or time that does not exist';
  const NO_TIME =
    'is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)';

  it.each<readonly [text: string, why: string]>([
    ['2026-04-07T13:33:27', NO_OFFSET],
    ['2026-04-07 13:33:27.179', NO_OFFSET],
    ['2026-04-07T13:33:27+0200', NO_COLON],
    ['2026-04-07T13:33:27.5-1130', NO_COLON],
    ['2026-04-07T13:33:27+02000', NO_TIME],
    ['2026-02-30T13:33:27.123Z', NOT_REAL],
    ['2026-02-29T00:00:00Z', NOT_REAL],
    ['2026-02-30t00:00:00', NOT_REAL],
    ['2026-04-07T24:00:00Z', NOT_REAL],
    ['2026-06-30T23:59:60Z', NOT_REAL],
    ['2026-04-07T13:33:27.5+24:00', NOT_REAL],
    ['1', 'has 1 digit. Unix time has 10 for seconds or 13 for milliseconds'],
    ['17755688071', 'has 11 digits. Unix time has 10 for seconds or 13 for milliseconds'],
    ['1775568807179000000', 'has 19 digits. Unix time has 10 for seconds or 13 for milliseconds'],
    ...[
      ['Now', '2026-04-07', '2026-2027', '2026-04-07T13:33Z', '2026-04-07T13:33:27+02'],
      ['2026-04-07T13:33:27.Z', '2026-04-07T13:33:27,5Z', '2026-04-07  13:33:27Z', '2026-04-07T13:33:27Z\n'],
      ['+002026-04-07T13:33:27Z', '2026-02-30T13:33:27Z!', 'Tue, 07 Apr 2026 13:33:27 GMT'],
      ['1775568807.', '1775568807.1234567890', '1775568807179.5', '-1775568807', '1.775568807e9'],
    ]
      .flat()
      .map((text) => [text, NO_TIME] as const),
  ])('is not %j, and the error says what to write', (text, why) => {
    expect(readingOf(text)).toEqual(new FormError(`"${text}" ${why}`));
  });
});

describe('the instant of a time', () => {
  it.each([
    ['2026-04-07T13:33:27Z', Date.UTC(2026, 3, 7, 13, 33, 27)],
    ['2026-04-07t13:33:27.5z', Date.UTC(2026, 3, 7, 13, 33, 27, 500)],
    ['2026-04-07 15:33:27.179710+02:00', Date.UTC(2026, 3, 7, 13, 33, 27, 179)],
    ['2026-04-07T13:33:27.123456789-00:30', Date.UTC(2026, 3, 7, 14, 3, 27, 123)],
    // The API's times are UTC, whatever the zone of the runner.
    ['2026-04-07T13:33:27', Date.UTC(2026, 3, 7, 13, 33, 27)],
    ['2026-04-07 13:33:27.179710', Date.UTC(2026, 3, 7, 13, 33, 27, 179)],
  ])('%s', (text, instant) => {
    expect(instantOf(text)).toBe(instant);
  });

  it.each(['', 'now', '2026', '2026-04-07', '1775568807', '2026-13-07T13:33:27Z'])(
    '%j is unknown',
    (text) => {
      expect(instantOf(text)).toBeUndefined();
    },
  );
});
