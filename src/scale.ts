import { FormError } from './errors.ts';

/** A pass rate is recorded in percent, unless `score_scale` is set. */
export const PASS_RATE_SCALE = 100;

/**
 * `value × scale`. People write both as decimals, and their product as a double may be wrong in the 17th digit (0.285 × 100 is
 * 28.499999999999996). So it is rounded to this many digits.
 */
function product(value: number, scale: number, digits: number): number {
  const exact = value * scale;
  // A larger one has all its digits before the decimal point.
  return Math.abs(exact) < 10 ** digits ? Number(exact.toPrecision(digits)) : exact;
}

/** `value × scale`, rounded half away from zero to an integer. */
export function scaled(value: number, scale: number): number {
  const unrounded = product(value, scale, 15);
  return Math.sign(unrounded) * Math.round(Math.abs(unrounded)) + 0;
}

/** The score that a gate compares: scaled if a scale is given, to 12 digits, and not rounded to an integer. */
export function unroundedScore(value: number, scale?: number): number {
  return scale === undefined ? value : product(value, scale, 12);
}

/** The integer to record for a score, scaled if a scale is given. Throws {@link FormError}. */
export function scoreOf(value: number, scale?: number): number {
  const score = scale === undefined ? value : scaled(value, scale);
  if (Number.isSafeInteger(score)) return score;
  if (Math.trunc(score) !== score) {
    throw new FormError(
      `${value} is not an integer, and the API takes only integers. For a fraction set score_scale: 0.87 with score_scale 100 records 87`,
    );
  }
  const times = scale === undefined ? '' : ' times score_scale';
  throw new FormError(
    `${value}${times} is outside ±9007199254740991, the range in which JSON numbers are exact`,
  );
}
