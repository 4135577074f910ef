import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormError } from '../src/errors.ts';
import { instantOf, parseTimestamp } from '../src/timestamp.ts';

const NOW = new Date('2026-04-07T13:33:27.179Z');

function isAccepted(text: string): boolean {
  try {
    parseTimestamp(text, NOW);
    return true;
  } catch (error) {
    if (error instanceof FormError) return false;
    throw error;
  }
}

/** Whole numbers as digits, zeros in front. */
const digits = (max: number, width: number) =>
  fc.nat(max).map((number) => String(number).padStart(width, '0'));
const clock = fc.tuple(
  digits(9999, 4),
  digits(14, 2),
  digits(33, 2),
  digits(25, 2),
  digits(61, 2),
  digits(61, 2),
);

describe('a time stamp', () => {
  it('in RFC 3339 is sent as it was written', () => {
    const form = fc.tuple(
      fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
      fc.constantFrom('T', 't', ' '),
      fc.constantFrom('', '.1', '.123456', '.123456789012'),
      fc.constantFrom('Z', 'z', '+00:00', '-00:00', '+05:45', '-11:30', '+23:59'),
    );
    fc.assert(
      fc.property(form, ([date, separator, fraction, offset]) => {
        const text = `${date.toISOString().slice(0, 10)}${separator}${date.toISOString().slice(11, 19)}${fraction}${offset}`;
        expect(parseTimestamp(text, NOW)).toBe(text);
      }),
    );
  });

  it('is accepted just where the calendar has that second', () => {
    fc.assert(
      fc.property(clock, ([year, month, day, hour, minute, second]) => {
        const text = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
        const date = new Date(0);
        date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
        date.setUTCHours(Number(hour), Number(minute), Number(second));
        expect(isAccepted(text)).toBe(date.toISOString().replace('.000Z', 'Z') === text);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['0000-02-29', '0004-02-29', '2000-02-29', '2024-02-29', '2400-02-29'])(
    'may be of a leap day, %s',
    (day) => {
      expect(isAccepted(`${day}T00:00:00Z`)).toBe(true);
    },
  );

  it.each(['0001-02-29', '0100-02-29', '1900-02-29', '2023-02-29', '2100-02-29'])(
    'is not of a leap day in another year, %s',
    (day) => {
      expect(isAccepted(`${day}T00:00:00Z`)).toBe(false);
    },
  );

  it('of Unix time means the same instant, to the digits given', () => {
    const seconds = fc.integer({ min: 1_000_000_000, max: 9_999_999_999 });
    fc.assert(
      fc.property(seconds, fc.nat(999), fc.nat(999_999), (seconds, millis, rest) => {
        const [fraction, micros] = [String(millis).padStart(3, '0'), String(rest).padStart(6, '0')];
        expect(parseTimestamp(`${seconds}${fraction}`, NOW)).toBe(
          new Date(seconds * 1000 + millis).toISOString(),
        );
        expect(parseTimestamp(`${seconds}.${fraction}${micros}`, NOW)).toBe(
          `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}${micros}Z`,
        );
        expect(Date.parse(parseTimestamp(`${seconds}`, NOW))).toBe(seconds * 1000);
      }),
    );
  });

  it('that says now is the one instant handed in', () => {
    expect(parseTimestamp('now', NOW)).toBe('2026-04-07T13:33:27.179Z');
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

  it.each([
    '',
    'now',
    'span 7',
    '2026',
    '2026-04-07',
    'Tue, 07 Apr 2026 13:33:27 GMT',
    '2026-13-07T13:33:27Z',
  ])('%j is unknown', (text) => {
    expect(instantOf(text)).toBeUndefined();
  });
});
