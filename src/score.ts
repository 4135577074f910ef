import { FormError } from './errors.ts';
import { quoted } from './text.ts';

/** A pass rate is recorded in percent, unless `score_scale` is set. */
export const PASS_RATE_SCALE = 100;

/**
 * `value × scale`, rounded half away from zero to an integer. People write both as decimals, and their product as a double may
 * be wrong in the 17th digit (0.285 × 100 is 28.499999999999996). So it is first rounded to 15 digits.
 */
export function scaled(value: number, scale: number): number {
  const product = value * scale;
  // From 1e15 on, all 15 digits are before the decimal point.
  const read = Math.abs(product) < 1e15 ? Number(product.toPrecision(15)) : product;
  return Math.sign(read) * Math.round(Math.abs(read)) + 0;
}

/** The integer to record for a score, scaled if a scale is given. Throws {@link FormError}. */
export function scoreOf(value: number, scale?: number): number {
  const score = scale === undefined ? value : scaled(value, scale);
  if (Number.isSafeInteger(score)) return score;
  if (Math.abs(score) < Number.MAX_SAFE_INTEGER) {
    throw new FormError(
      `${quoted(String(value))} is not an integer, and the API takes only integers. For a fraction set score_scale: 0.87 with score_scale 100 records 87`,
    );
  }
  const times = scale === undefined ? '' : ' times score_scale';
  throw new FormError(
    `${quoted(String(value))}${times} is outside ±9007199254740991, the range in which JSON numbers are exact`,
  );
}
