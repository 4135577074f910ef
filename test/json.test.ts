import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormError } from '../src/errors.ts';
import {
  isJsonObject,
  type Json,
  kindOf,
  numberOf,
  parseExactJson,
  parseJson,
  parseResultsJson,
  sameJson,
} from '../src/json.ts';
import { faultIn } from '../src/json-text.ts';

const rewritten = (text: string) => JSON.stringify(parseExactJson(text));

/** Why a text is rejected; undefined if it is accepted. */
function refusalOf(text: string): string | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    if (error instanceof FormError) return error.message;
    throw error;
  }
}

function thrownBy(act: () => unknown): string {
  try {
    act();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('exact JSON', () => {
  it.each([
    '{"a":[1,-2.5,true,false,null,"x"],"":{}}',
    '-0',
    '-0.0',
    '1.0',
    '1E2',
    '0.0000001',
    '123456789012345.6',
    '[1.0,-0,-0.0,0e5,1E+2,9.50,100e-2,0.0000001,1e-7]',
    '[123456789012345.678901,0.1234567890123456789,9007199254740993.0]',
    '[12345678901234567890,{"id":-100000000000000000000000}]',
    '[1e400,-1e400,1e-400]',
    '{"__proto__":{"constructor":9007199254740993},"toString":1.0}',
    '["\\ud800","1234567890123456","1.0"]',
    '["\uFEFF"]',
    '["\uFEFF",1.0]',
  ])('is written as it was read: %s', (text) => {
    expect(rewritten(text)).toBe(text);
  });

  it('has a double for each number that a double does not change', () => {
    expect(parseExactJson('[1, 0.5, 1.0]')).toEqual([1, 0.5, JSON.rawJSON('1.0')]);
  });

  it('keeps the digits of any number, at any depth', () => {
    const digits = (maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...'0001234567899'), minLength: 1, maxLength });
    const number = fc
      .record({
        sign: fc.constantFrom('', '-'),
        whole: digits(25).map((text) => text.replace(/^0+(?=.)/, '')),
        fraction: fc.option(digits(25), { nil: '' }),
        exponent: fc.constantFrom('', '', 'e5', 'E+07', 'e-12', 'e400'),
      })
      .map(({ sign, whole, fraction, exponent }) => sign + whole + (fraction && `.${fraction}`) + exponent);
    fc.assert(
      fc.property(fc.array(number), fc.nat(3), (numbers, depth) => {
        const text = `${'{"a":['.repeat(depth)}[${numbers}]${']}'.repeat(depth)}`;
        expect(rewritten(text)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['\uFEFF {"a" :\t1.0}\r\n', '{"a":1.0}'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['"\\u0041\\/"', '"A/"'],
  ])('leaves out what is not part of a value: %j', (text, written) => {
    expect(rewritten(text)).toBe(written);
  });
});

describe('plain JSON', () => {
  it('has doubles for numbers', () => {
    expect(parseJson('\uFEFF[1.0, 1e2, 12345678901234567890]')).toEqual([1, 100, 12345678901234567000]);
  });

  it('keeps the prototype of an object, whatever its keys are', () => {
    for (const parse of [parseJson, parseExactJson]) {
      const value = parse('{"__proto__": {"polluted": 1.0}}') as Record<string, Json>;
      expect([Object.getPrototypeOf(value), Object.keys(value)]).toEqual([Object.prototype, ['__proto__']]);
    }
  });

  /** JSON with a mistake or two in it, as people and scripts make them. */
  const edit = fc.tuple(
    fc.nat(),
    fc.nat(2),
    fc.constantFrom(...'{}[],:"\\\n\t 09.-+eEtn/\'x\u00a0\0😀', '', 'null'),
  );
  const mutated = fc.tuple(fc.json(), fc.array(edit, { maxLength: 3 })).map(([json, edits]) =>
    edits.reduce((text, [place, removed, inserted]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + inserted + text.slice(at + removed);
    }, json),
  );

  it('is what JSON.parse accepts, with the same value, and errors have a place in the text', () => {
    const anyText = fc.oneof({ weight: 4, arbitrary: mutated }, fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(!text.startsWith('\uFEFF'));
        const refusal = refusalOf(text);
        if (refusal === undefined) {
          expect([parseJson(text), faultIn(text)]).toEqual([JSON.parse(text), undefined]);
          return;
        }
        expect(() => JSON.parse(text)).toThrow(SyntaxError);
        const [, line, column] = /^is not JSON: line (\d+), column (\d+): expected ./.exec(refusal) ?? [];
        const before = text.split('\n').slice(0, Number(line) - 1);
        const offset = before.join('\n').length + (before.length > 0 ? 1 : 0) + Number(column) - 1;
        expect(offset).toBeLessThanOrEqual(text.length);
        // V8's own place, if it gives one.
        const own = thrownBy(() => JSON.parse(text));
        if (/^Expected .* at position /.test(own)) expect(own).toContain(` at position ${offset} `);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an error says where a text stops being JSON, what may come there and what does', () => {
  it.each([
    ['', 'line 1, column 1: expected a value, found the end of the text'],
    [' \n ', 'line 2, column 2: expected a value, found the end of the text'],
    ['{dataset: 1}', 'line 1, column 2: expected a name in double quotes or }, found dataset'],
    ["{'a': 1}", "line 1, column 2: expected a name in double quotes or }, found 'a'"],
    ['{"a": 1,}', 'line 1, column 9: expected a name in double quotes, found }'],
    ['{"a" 1}', 'line 1, column 6: expected a colon, found 1'],
    ['{"a":1 "b":2}', 'line 1, column 8: expected a comma or }, found "'],
    ['{"a": [1}', 'line 1, column 9: expected a comma or ], found }'],
    ['[[[1], {"a": 1}] 1', 'line 1, column 18: expected a comma or ], found 1'],
    ['[1,]', 'line 1, column 4: expected a value, found ]'],
    ['{} {}', 'line 1, column 4: expected nothing more, found {'],
    ['1 // one', 'line 1, column 3: expected nothing more, found a comment, which JSON does not have'],
    ['[/* one */]', 'line 1, column 2: expected a value or ], found a comment, which JSON does not have'],
    ['[01]', 'line 1, column 3: expected a comma or ], found 1'],
    ['[+1]', 'line 1, column 2: expected a value or ], found +1'],
    ['{\r\n\t"a": x}', 'line 2, column 7: expected a value, found x'],
    ['["😀", x]', 'line 1, column 8: expected a value, found x'],
    ['\uFEFF{x', 'line 1, column 2: expected a name in double quotes or }, found x'],
    ['{"a":\u00a01}', 'line 1, column 6: expected a value, found U+00A0'],
    ['{"a":\x001}', 'line 1, column 6: expected a value, found U+0000'],
    ['{\n "a": "x', 'line 2, column 7: expected a string with a quote at its end, found the end of the text'],
    ['["a\r\n"]', 'line 1, column 4: expected \\r, found a line break in a string'],
    ['["a\n"]', 'line 1, column 4: expected \\n, found a line break in a string'],
    ['["a\t"]', 'line 1, column 4: expected \\t, found a tab in a string'],
    [
      '["\x1b[31m"]',
      'line 1, column 3: expected an escape such as \\u0000, found a control character in a string',
    ],
    ['["\\n\\u00e9\\dir"]', 'line 1, column 11: expected an escape such as \\n or \\\\, found \\d'],
    ['["a\\', 'line 1, column 4: expected an escape such as \\n or \\\\, found \\'],
    ['["1234\\u12G4"]', 'line 1, column 7: expected an escape such as \\n or \\\\, found \\u'],
    ['["\\x1234"]', 'line 1, column 3: expected an escape such as \\n or \\\\, found \\x'],
    ['["a long text \\u00e9\\"", x]', 'line 1, column 26: expected a value, found x'],
    ['> eval@1.0.0\n{}', 'line 1, column 1: expected a value, found >'],
    [`${'a'.repeat(18)}😀bc`, `line 1, column 1: expected a value, found ${'a'.repeat(18)}…`],
    ['[a\u200bb]', 'line 1, column 2: expected a value or ], found a\u200bb'],
    ['[a//b]', 'line 1, column 2: expected a value or ], found a//b'],
    ['[NaNa]', 'line 1, column 2: expected a value or ], found NaNa'],
    ['[aNaN]', 'line 1, column 2: expected a value or ], found aNaN'],
    ['[nil, NaN]', 'line 1, column 2: expected a value or ], found nil'],
    [
      '[NaN]',
      'line 1, column 2: expected a value or ], found NaN, which JSON does not have: leave it out, or write null in meta',
    ],
    [
      '[-Infinity]',
      'line 1, column 2: expected a value or ], found -Infinity, which JSON does not have: leave it out, or write null in meta',
    ],
  ])('%j', (text, message) => {
    expect(refusalOf(text)).toBe(`is not JSON: ${message}`);
  });
});

describe('JSON that a tool wrote', () => {
  it.each<[string, Json]>([
    ['[NaN, -NaN, Infinity, -Infinity]', [null, null, null, null]],
    [
      '{"NaN": NaN, "b": "NaN, \\"Infinity\\"", "c": [1,NaN]}',
      { NaN: null, b: 'NaN, "Infinity"', c: [1, null] },
    ],
    ['"NaN"', 'NaN'],
    ['NaN', null],
  ])('may hold NaN and Infinity, which are read as null: %s', (text, value) => {
    expect(parseResultsJson(text)).toEqual(value);
    if (text !== '"NaN"') expect(refusalOf(text)).toContain('which JSON does not have');
  });

  it('may hold many of them', () => {
    const numbers = Array.from({ length: 40_000 }, (_, i) => (i % 3 === 0 ? Number.NaN : i));
    expect(parseResultsJson(`[${numbers}]`)).toEqual(numbers.map((n) => (Number.isNaN(n) ? null : n)));
  });

  it.each([
    ['[NaN, nan]', 'line 7, column 7: expected a value, found nan'],
    [
      '{NaN: 1}',
      'line 7, column 2: expected a name in double quotes or }, found NaN, which JSON does not have',
    ],
    ['[NaN,\n', 'line 8, column 1: expected a value, found the end of the text'],
    ['[1,\n', 'line 8, column 1: expected a value, found the end of the text'],
    ['"NaN', 'line 7, column 1: expected a string with a quote at its end, found the end of the text'],
    ['NaNa', 'line 7, column 4: expected nothing more, found a'],
  ])('is checked like any other: %j', (text, message) => {
    expect(() => parseResultsJson(text, 7)).toThrow(`is not JSON: ${message}`);
  });
});

describe('no text of megabytes overflows the stack:', () => {
  it.each([
    ['brackets after a string without an end', `{"a": "x\n${'['.repeat(5000)}`],
    ['one long string', `"${'x'.repeat(20_000_000)}`],
    ['one long string of escapes', `"${'\\n'.repeat(5_000_000)}`],
    ['one long number', `${'1'.repeat(20_000_000)}x`],
    ['one long word', 'x'.repeat(20_000_000)],
    ['white space', `${' \n'.repeat(10_000_000)}x`],
    ['many values', `[${'1,'.repeat(3_000_000)}`],
  ])('%s', (_what, text) => {
    expect(refusalOf(text)).toMatch(/^is not JSON: line \d+, column \d+: expected .{1,100}$/);
  });
});

describe('nesting', () => {
  const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1.0${'}]'.repeat(levels / 2)}`;

  it('of 1000 levels is read, compared and written', () => {
    const value = parseExactJson(nested(1000));
    expect(JSON.stringify(value)).toBe(nested(1000));
    expect(sameJson(value, parseJson(nested(1000)))).toBe(true);
  });

  it.each([1002, 200_000])('of %i levels is an error with a place', (levels) => {
    expect(refusalOf(nested(levels))).toMatch(/deep.*line 1, column 3001:.*1000/);
  });

  it('does not count brackets in strings, or closed ones', () => {
    const brackets = '['.repeat(1001);
    expect(refusalOf(`["${brackets}","${'[{\\"['.repeat(1001)}",${'[],{},'.repeat(1001)}0]`)).toBeUndefined();
    expect(refusalOf(`["${brackets}`)).toBe(
      'is not JSON: line 1, column 2: expected a string with a quote at its end, found the end of the text',
    );
  });

  it('counts brackets after an escaped backslash', () => {
    expect(refusalOf(`["\\\\",${'['.repeat(1000)}`)).toMatch(/deep.*line 1, column 1006:/);
  });

  it('may be limited further', () => {
    expect(parseExactJson('[[1]]', 2)).toEqual([[1]]);
    expect(() => parseExactJson('[[[1]]]', 2)).toThrow(FormError);
  });
});

it.each<[Json, string, number?]>([
  [null, 'null'],
  [[], 'an array'],
  [{}, 'an object'],
  [1.5, 'a number', 1.5],
  [JSON.rawJSON('1.50'), 'a number', 1.5],
  ['1', 'a string'],
  [false, 'a boolean'],
])('%j is %s', (value, kind, number) => {
  expect(kindOf(value)).toBe(kind);
  expect(isJsonObject(value)).toBe(kind === 'an object');
  expect(numberOf(value)).toBe(number);
});

describe('two values are', () => {
  const bothWays = (...texts: [string, string]) => {
    const [a, b] = texts.map((text) => parseExactJson(text));
    return [sameJson(a, b), sameJson(b, a)];
  };
  it.each([
    ['{"a":1,"b":{"c":2,"d":[{"e":3,"f":4}]}}', '{"b":{"d":[{"f":4,"e":3}],"c":2},"a":1}'],
    ['1.0', '1'],
    ['-0', '0'],
    ['0.1234567890123456789', '0.12345678901234568'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e400', '1e400'],
  ])('equal: %s and %s', (a, b) => {
    expect(bothWays(a, b)).toEqual([true, true]);
  });

  it.each([
    ['{"a":1}', '{"a":1,"b":null}'],
    ['{"a":1}', '{"a":"1"}'],
    ['[1,2]', '[2,1]'],
    ['null', '{}'],
    ['{"__proto__":1}', '{}'],
    ['9007199254740993', '9007199254740992'],
    ['-9007199254740993', '-9007199254740992'],
    ['1e400', '1e401'],
    ['0.1', '0.10000000000000002'],
  ])('not equal: %s and %s', (a, b) => {
    expect(bothWays(a, b)).toEqual([false, false]);
  });

  it('equal only if both are absent', () => {
    expect([sameJson(undefined, undefined), sameJson(null, undefined)]).toEqual([true, false]);
  });
});
