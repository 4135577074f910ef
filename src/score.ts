/**
 * `value × scale`, rounded half away from zero to an integer. Both are decimals of at most 15 digits: their product as a
 * double may be off in the 17th (0.285 × 100 is 28.499999999999996), so it is read at 15 digits before it is rounded.
 */
export function scaled(value: number, scale: number): number {
  const product = Number((value * scale).toPrecision(15));
  return Math.sign(product) * Math.round(Math.abs(product)) + 0;
}
