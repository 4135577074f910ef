import { FormError } from './errors.ts';
import { quoted } from './words.ts';

/** A pass rate is recorded in percent, unless `score_scale` says otherwise. */
export const PASS_RATE_SCALE = 100;

/**
 * `value × scale`, rounded half away from zero to an integer. Both are decimals of at most 15 digits: their product as a
 * double may be off in the 17th (0.285 × 100 is 28.499999999999996), so it is read at 15 digits before it is rounded.
 */
export function scaled(value: number, scale: number): number {
  const product = Number((value * scale).toPrecision(15));
  return Math.sign(product) * Math.round(Math.abs(product)) + 0;
}

/** The integer to record for a score, which is scaled where a scale is given. Throws {@link FormError}. */
export function scoreOf(value: number, scale?: number): number {
  const score = scale === undefined ? value : scaled(value, scale);
  if (Number.isSafeInteger(score)) return score;
  if (!Number.isInteger(score)) {
    throw new FormError(
      `${quoted(String(value))} is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87`,
    );
  }
  const times = scale === undefined ? '' : ' times score_scale';
  throw new FormError(
    `${quoted(String(value))}${times} is beyond ±9007199254740991, the integers that JSON carries safely`,
  );
}
