/** A decimal number held exactly: `digits × 10^exponent`. Scores are scaled with it, since 0.285 × 100 is 28.499… in doubles. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
// Far beyond every double (1.8e308), and small enough for exact arithmetic in no time.
const MAX_LENGTH = 400;

/**
 * Reads `9`, `-3`, `9.0`, `1e2`, `0.87`, and `.87` as bc writes it. Anything else, `NaN`, hex or an empty text among it, is
 * undefined; so is what has more than 400 characters, or an exponent beyond ±400.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = '', power = '0'] =
    (text.length <= MAX_LENGTH && DECIMAL.exec(text)) || [];
  if (sign === undefined || Math.abs(Number(power)) > MAX_LENGTH) return undefined;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length };
}

/** The exact value of `decimal × numerator / denominator`, rounded half away from zero. The denominator is above 0. */
export function roundedProduct(decimal: Decimal, numerator: Decimal, denominator = 1n): bigint {
  const exponent = decimal.exponent + numerator.exponent;
  const above = decimal.digits * numerator.digits * 10n ** BigInt(Math.max(exponent, 0));
  const below = denominator * 10n ** BigInt(Math.max(-exponent, 0));
  const magnitude = ((above < 0n ? -above : above) * 2n + below) / (below * 2n);
  return above < 0n ? -magnitude : magnitude;
}

/** The integer a decimal stands for, or undefined where it has a fraction. */
export function integerOf({ digits, exponent }: Decimal): bigint | undefined {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const unit = 10n ** BigInt(-exponent);
  return digits % unit === 0n ? digits / unit : undefined;
}
