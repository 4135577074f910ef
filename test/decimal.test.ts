import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decimal, integerOf, parseDecimal, roundedProduct } from '../src/decimal.ts';

const decimal = (text: string): Decimal => {
  const parsed = parseDecimal(text);
  if (!parsed) throw new Error(`${text} is no decimal`);
  return parsed;
};

describe('a decimal number is read exactly', () => {
  it.each<[string, bigint, number]>([
    ['9', 9n, 0],
    ['-3', -3n, 0],
    ['+3', 3n, 0],
    ['9.0', 90n, -1],
    ['9.', 9n, 0],
    ['.87', 87n, -2],
    ['-.5', -5n, -1],
    ['0.87', 87n, -2],
    ['1e2', 1n, 2],
    ['1.50E-3', 150n, -5],
    ['1e400', 1n, 400],
    ['1e-0400', 1n, -400],
    [`0.${'0'.repeat(397)}1`, 1n, -398],
  ])('%s', (text, digits, exponent) => {
    expect(parseDecimal(text)).toEqual({ digits, exponent });
  });

  it.each([
    '',
    '.',
    '-',
    '+',
    'e1',
    '.e1',
    '1e',
    '1e+',
    '1e1.5',
    '1.2.3',
    ' 1',
    '1\n',
    'NaN',
    'Infinity',
    '0x1',
    '1n',
    '1_0',
    '--1',
    '1e401',
    '1e-401',
    '1e99999',
    '1'.repeat(401),
  ])('%j is none', (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it('every finite double, as JavaScript writes it, to the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        const { digits, exponent } = decimal(String(double));
        expect(Number(`${digits}e${exponent}`)).toBe(double + 0);
      }),
    );
  });
});

describe('a product is rounded half away from zero', () => {
  it.each<[string, string, bigint, bigint]>([
    ['0.285', '100', 1n, 29n],
    ['-0.285', '100', 1n, -29n],
    ['0.284999', '100', 1n, 28n],
    ['0.5', '1', 1n, 1n],
    ['-0.5', '1', 1n, -1n],
    ['0.49', '1', 1n, 0n],
    ['-0.49', '1', 1n, 0n],
    ['2', '100', 3n, 67n],
    ['1', '100', 3n, 33n],
    ['1', '100', 8n, 13n],
    ['1e400', '1e-400', 1n, 1n],
    ['0', '1e400', 7n, 0n],
  ])('%s × %s / %s = %s', (factor, scale, denominator, product) => {
    expect(roundedProduct(decimal(factor), decimal(scale), denominator)).toBe(product);
  });

  it('to the integer next to it, whatever the factors', () => {
    const factor = fc.record({
      digits: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      exponent: fc.integer({ min: -20, max: 20 }),
    });
    fc.assert(
      fc.property(factor, factor, fc.bigInt({ min: 1n, max: 1000n }), (a, b, denominator) => {
        const rounded = roundedProduct(a, b, denominator);
        // Both sides of `rounded ≈ a × b / denominator` in units of 10^-40 / denominator.
        const exact = a.digits * b.digits * 10n ** BigInt(40 + a.exponent + b.exponent);
        const unit = denominator * 10n ** 40n;
        const [distance, size] = [abs(rounded * unit - exact) * 2n, abs(rounded) * unit];
        expect(distance < unit || (distance === unit && size > abs(exact))).toBe(true);
      }),
    );
  });
});

it.each<[string, bigint | undefined]>([
  ['9.00', 9n],
  ['-3', -3n],
  ['900e-2', 9n],
  ['1.5e1', 15n],
  ['1e20', 100_000_000_000_000_000_000n],
  ['0e-400', 0n],
  ['9.5', undefined],
  ['1e-400', undefined],
])('%s is the integer %s', (text, integer) => {
  expect(integerOf(decimal(text))).toBe(integer);
});

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
