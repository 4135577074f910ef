import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormError } from '../src/errors.ts';
import { PASS_RATE_SCALE, scaled, scoreOf } from '../src/scale.ts';

describe('a scaled score is rounded half away from zero', () => {
  it.each([
    [0.285, 100, 29],
    [-0.285, 100, -29],
    [1.005, 100, 101],
    [0.284999, 100, 28],
    [0.5, 1, 1],
    [-0.5, 1, -1],
    [0.4999999999999, 1, 0],
    [-0.001, 100, 0],
    [0.4, 1.25, 1],
    [87, 0.1, 9],
    [0, 1e300, 0],
    // No digit of a large score is lost.
    [9007199254740991, 1, 9007199254740991],
    [-90071992547409.91, 100, -9007199254740991],
  ])('%d × %d is %d', (value, scale, score) => {
    expect(scaled(value, scale)).toBe(score);
  });

  it('for any decimals', () => {
    const digits = fc.integer({ min: -9_999_999, max: 9_999_999 });
    fc.assert(
      fc.property(digits, fc.nat(7), fc.nat(9_999), fc.nat(3), (a, aPlaces, b, bPlaces) => {
        const product = BigInt(Math.abs(a) * b);
        const unit = 10n ** BigInt(aPlaces + bPlaces);
        const rounded = Number((product * 2n + unit) / (unit * 2n));
        const [value, scale] = [Number(`${a}e-${aPlaces}`), Number(`${b}e-${bPlaces}`)];
        expect(scaled(value, scale)).toBe(a < 0 ? 0 - rounded : rounded);
      }),
      { numRuns: 1000 },
    );
  });

  it('for a pass rate too, exactly as the counts say', () => {
    const counts = fc
      .integer({ min: 1, max: 100_000 })
      .chain((ran) => fc.tuple(fc.nat(ran), fc.constant(ran)));
    fc.assert(
      fc.property(counts, ([passed, ran]) => {
        const percent = Math.floor((passed * 200 + ran) / (2 * ran));
        expect(scaled(passed / ran, PASS_RATE_SCALE)).toBe(percent);
      }),
    );
  });
});

describe('the score to record', () => {
  it.each([
    [9, undefined, 9],
    [-9007199254740991, undefined, -9007199254740991],
    [0.87, 100, 87],
  ])('of %d with scale %s is %d', (value, scale, score) => {
    expect(scoreOf(value, scale)).toBe(score);
  });

  const NO_INTEGER =
    'is not an integer, and the API takes only integers. For a fraction set score_scale: 0.87 with score_scale 100 records 87';
  const OUTSIDE = 'is outside ±9007199254740991, the range in which JSON numbers are exact';

  it.each<[number, number | undefined, string]>([
    [0.87, undefined, `0.87 ${NO_INTEGER}`],
    [-1e-7, undefined, `-1e-7 ${NO_INTEGER}`],
    [9007199254740992, undefined, `9007199254740992 ${OUTSIDE}`],
    [-1e300, 1e300, `-1e+300 times score_scale ${OUTSIDE}`],
  ])('does not exist for %d with scale %s, and the error says why', (value, scale, why) => {
    expect(() => scoreOf(value, scale)).toThrow(new FormError(why));
  });
});
