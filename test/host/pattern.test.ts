import { describe, expect, it } from 'vitest';
import { checkPattern } from '../../src/host/pattern.ts';

describe('a pattern', () => {
  it.each([
    'reports/*.xml',
    '{app,lib}/**/build/test-results/**/TEST-*.xml',
    'shard-{1..100}.xml',
    'shard-{a..z}.xml',
    'job (3.12)/*/*/*/*/*.xml',
    'a'.repeat(1000),
    '*a*a*a*c',
    '**/{a,b}/*/*/*/*/**',
    '{a,b',
    `${'a,'.repeat(101)}}`,
    '}a,b{',
  ])('may be %s', (pattern) => {
    expect(() => checkPattern(pattern)).not.toThrow();
  });

  it.each([
    ['braces within a product', '{a,b}'.repeat(20), 'braces'],
    ['braces within each other', '{a,{b,c,{d,e,f,{g,h,i,j}}}}'.repeat(2), 'braces'],
    ['a range', '{1..10000000}', 'braces'],
    ['a range with steps', '{-5000..5000..20}', 'braces'],
    ['a range beside what only looks like one', '{a1..b1}{1a..1b}{1..10000000}', 'braces'],
    ['two ranges of letters', '{a..z}{A..Z}', 'braces'],
    ['a range after a stray brace', '}{1..10000000}', 'braces'],
    ['one star too many', '*a*a*a*a*c', 'more than 4'],
    ['one star too many in one of its names', 'a/*a*a*a*a*c/*.xml', 'more than 4'],
    ['stars in braces', '{*a*,b/*}*a*a*', 'more than 4'],
    ['groups', '+(a|aa)+(b)', '@(a|b)'],
    ['text without end', 'a'.repeat(1001), '1000 characters'],
  ])('of %s is an error', (_what, pattern, message) => {
    expect(() => checkPattern(pattern)).toThrow(message);
  });
});
