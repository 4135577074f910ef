import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormError } from '../src/errors.ts';
import { isJsonObject, type Json, kindOf, parseJson, sameJson } from '../src/json.ts';

/** Why a text is refused; undefined where it is accepted. */
function refusalOf(text: string): string | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    if (error instanceof FormError) return error.message;
    throw error;
  }
}

describe('JSON is written again as it was read', () => {
  it.each([
    '{"a":[1,-2.5,true,false,null,"x"],"":{}}',
    '9007199254740991',
    '-9007199254740993',
    '[12345678901234567890,{"id":100000000000000000000000}]',
    '1e400',
    '-1e400',
    '[1e-400,-0.5e-999]',
    '{"__proto__":{"constructor":9007199254740993},"toString":1}',
    '"\\ud800"',
    '"1234567890123456"',
  ])('%s', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it.each([
    ['1E+2', '100'],
    ['9007199254740991.0', '9007199254740991'],
    ['-0', '0'],
    ['0e5', '0'],
    ['0.10000000000000000', '0.1'],
    ['\uFEFF {"a" :\t1}\r\n', '{"a":1}'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['"\\u0041\\/"', '"A/"'],
  ])('%s as %s', (text, written) => {
    expect(JSON.stringify(parseJson(text))).toBe(written);
  });

  it('to the last digit, whatever the integer', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(3), (integer, depth) => {
        const text = `${'{"a":['.repeat(depth)}${integer}${']}'.repeat(depth)}`;
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
  });

  it('and an object keeps a prototype of its own, whatever its keys', () => {
    const value = parseJson('{"__proto__": {"polluted": 1}}') as Record<string, Json>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
  });
});

describe('an error says where the text stops being JSON, and why', () => {
  it.each([
    ['', 'line 1, column 1: expected a value, found the end of the text'],
    [' \n ', 'line 2, column 2: expected a value, found the end of the text'],
    ['{', 'line 1, column 2: expected a key in double quotes or }, found the end of the text'],
    ['{dataset: 1}', 'line 1, column 2: expected a key in double quotes or }, found dataset'],
    ["{'a': 1}", "line 1, column 2: expected a key in double quotes or }, found 'a'"],
    ['{"a": 1,}', 'line 1, column 9: expected a key in double quotes, found }'],
    ['{"a" 1}', 'line 1, column 6: expected :, found 1'],
    ['{"a" "b"}', 'line 1, column 6: expected :, found a string'],
    ['{"a", 1}', 'line 1, column 5: expected :, found ,'],
    ['{"a"}', 'line 1, column 5: expected :, found }'],
    ['{"a": }', 'line 1, column 7: expected a value, found }'],
    ['{"a":: 1}', 'line 1, column 6: expected a value, found :'],
    ['{"a": 1 "b": 2}', 'line 1, column 9: expected , or }, found a string'],
    ['{"a": 1: 2}', 'line 1, column 8: expected , or }, found :'],
    ['{"a": 1]', 'line 1, column 8: expected , or }, found ]'],
    ['{"a": [1}', 'line 1, column 9: expected , or ], found }'],
    ['{1: 2}', 'line 1, column 2: expected a key in double quotes or }, found 1'],
    ['{[]: 2}', 'line 1, column 2: expected a key in double quotes or }, found ['],
    ['[1,]', 'line 1, column 4: expected a value, found ]'],
    ['[,1]', 'line 1, column 2: expected a value or ], found ,'],
    ['[1 2]', 'line 1, column 4: expected , or ], found 2'],
    ['[1 {}]', 'line 1, column 4: expected , or ], found {'],
    ['[[1], [2]', 'line 1, column 10: expected , or ], found the end of the text'],
    ['{"a": {}', 'line 1, column 9: expected , or }, found the end of the text'],
    ['{} {}', 'line 1, column 4: expected the end, found {'],
    ['1]', 'line 1, column 2: expected the end, found ]'],
    ['"a" "b"', 'line 1, column 5: expected the end, found a string'],
    ['null,', 'line 1, column 5: expected the end, found ,'],
    ['{"a": None}', 'line 1, column 7: expected a value, found None'],
    ['[nan]', 'line 1, column 2: expected a value or ], found nan'],
    ['tru', 'line 1, column 1: expected a value, found tru'],
    ['-', 'line 1, column 1: expected a value, found -'],
    ['01', 'line 1, column 1: expected a value, found 01'],
    ['.5', 'line 1, column 1: expected a value, found .5'],
    ['1.', 'line 1, column 1: expected a value, found 1.'],
    ['1e', 'line 1, column 1: expected a value, found 1e'],
    ['+1', 'line 1, column 1: expected a value, found +1'],
    ['0x10', 'line 1, column 1: expected a value, found 0x10'],
    ['1 // one', 'line 1, column 3: expected the end, found //'],
    ['\u00a01', 'line 1, column 1: expected a value, found \u00a0'],
    ['😀', 'line 1, column 1: expected a value, found 😀'],
    [`${'a'.repeat(19)}😀b`, `line 1, column 1: expected a value, found ${'a'.repeat(19)}😀…`],
    [`${'a'.repeat(19)}😀bcd`, `line 1, column 1: expected a value, found ${'a'.repeat(19)}😀…`],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected , or }, found a string'],
    ['{\r\n\t"a": x}', 'line 2, column 7: expected a value, found x'],
    ['["😀", x]', 'line 1, column 8: expected a value, found x'],
    ['\uFEFF{x', 'line 1, column 2: expected a key in double quotes or }, found x'],
    ['{\n "a": "x', 'line 2, column 7: found a string that is not closed'],
    ['{"a": "x\ny"}', 'line 1, column 9: found a control character in a string; it is written \\n'],
    ['"a\tb"', 'line 1, column 3: found a control character in a string; it is written \\t'],
    ['"\0"', 'line 1, column 2: found a control character in a string; it is written \\u0000'],
    ['"\x7f" x', 'line 1, column 5: expected the end, found x'],
    ['"C:\\dir"', 'line 1, column 4: found a bad escape in a string; a backslash is written \\\\'],
    ['"\\n\\u12x4"', 'line 1, column 4: found a bad escape in a string; a backslash is written \\\\'],
  ])('%j: %s', (text, why) => {
    expect(refusalOf(text)).toBe(`is not JSON: ${why}`);
  });

  it('and keeps V8’s own error as the cause', () => {
    expect(() => parseJson('{')).toThrow(
      expect.objectContaining({ cause: expect.any(SyntaxError), found: undefined }),
    );
  });
});

describe('nesting', () => {
  const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}0${'}]'.repeat(levels / 2)}`;

  it('of 1000 levels is read, compared and written', () => {
    const value = parseJson(nested(1000));
    expect(JSON.stringify(value)).toBe(nested(1000));
    expect(sameJson(value, parseJson(nested(1000)))).toBe(true);
  });

  it.each([1002, 200_000])('of %i levels is an error with a place', (levels) => {
    expect(refusalOf(nested(levels))).toBe(
      `is nested too deeply: line 1, column ${1000 * 3 + 1}: more than 1000 levels`,
    );
  });

  it('counts no brackets in strings, and none that are closed', () => {
    expect(refusalOf(`["${'[{\\"['.repeat(1001)}",${'[],{},'.repeat(1001)}0]`)).toBeUndefined();
  });
});

describe('for any text', () => {
  /** JSON with a mistake or two in it, as people and scripts make them. */
  const mutated = fc
    .tuple(
      fc.json({ noUnicodeString: false }),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.nat(2),
          fc.constantFrom(
            ...'{}[],:"\\\n\t 0123456789.-+eEtrufalsn/\'x\u00a0\0😀',
            '',
            'null',
            '""',
            '1e400',
          ),
        ),
        { maxLength: 3 },
      ),
    )
    .map(([json, edits]) =>
      edits.reduce((text, [place, removed, inserted]) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + inserted + text.slice(at + removed);
      }, json),
    );
  const anyText = fc.oneof({ weight: 4, arbitrary: mutated }, fc.string({ unit: 'binary' }));

  it('what is JSON is what JSON.parse takes, with the same value', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(!text.startsWith('\uFEFF'));
        let expected: { value: unknown } | undefined;
        try {
          expected = { value: JSON.parse(text) };
        } catch {}
        const value = refusalOf(text) === undefined ? { value: parseJson(text) } : undefined;
        expect(withDoubles(value)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('the place of an error is the token, in a string the character, where the text stops beginning any JSON', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(!text.startsWith('\uFEFF'));
        const refusal = refusalOf(text);
        if (refusal === undefined) return;
        const place = offsetOf(refusal, text);
        const brokenAt = lengthOfBeginning(text);
        if (refusal.includes('in a string')) {
          // A bad escape breaks after its backslash, at the last digit that is none.
          expect(text.slice(place, brokenAt)).toMatch(/^(?:\\(?:u[\da-f]{0,3})?)?$/i);
        } else if (refusal.includes('not closed')) {
          expect([text[place], brokenAt]).toEqual(['"', text.length]);
        } else {
          // It begins a word or is a mark, and nothing but a part of that word lies between the two.
          expect(text.slice(place, brokenAt)).toMatch(/^[^\s{}[\],:"]*$/);
          expect(text.slice(Math.max(place - 1, 0), place + 1)).not.toMatch(/^[^\s{}[\],:"]{2}$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  /** How much of a text is the beginning of some JSON text, by V8's own errors: one at the end of the text is one of length. */
  function lengthOfBeginning(text: string): number {
    let [good, bad] = [0, text.length + 1];
    while (bad - good > 1) {
      const middle = (good + bad) >>> 1;
      if (beginsJson(text.slice(0, middle))) good = middle;
      else bad = middle;
    }
    return good;
  }

  function beginsJson(text: string): boolean {
    try {
      JSON.parse(text);
      return true;
    } catch (error) {
      const { message } = error as Error;
      return message === 'Unexpected end of JSON input' || message.includes(` at position ${text.length} (`);
    }
  }

  function offsetOf(refusal: string, text: string): number {
    const [, line, column] = /line (\d+), column (\d+): /.exec(refusal) ?? [];
    const before = text.split('\n').slice(0, Number(line) - 1);
    return before.join('\n').length + (before.length > 0 ? 1 : 0) + Number(column) - 1;
  }

  function withDoubles(value: unknown): unknown {
    if (JSON.isRawJSON(value)) return Number(value.rawJSON);
    if (Array.isArray(value)) return value.map(withDoubles);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withDoubles(item)]));
  }
});

describe('a text of five megabytes', () => {
  const many = (unit: string) => unit.repeat(5_000_000 / unit.length);
  it.each([
    ['a string', `"${many('a')}"`, undefined],
    ['a string of escapes', `"${many('\\n')}"`, undefined],
    ['a string that is not closed', `"${many('\\n')}`, 'line 1, column 1: found a string that is not closed'],
    ['digits', many('1'), undefined],
    ['digits and a letter', `${many('1')}x`, `line 1, column 1: expected a value, found ${'1'.repeat(20)}…`],
    ['numbers', `[${many('1,')}`, 'line 1, column 5000002: expected a value, found the end of the text'],
    ['blanks', `${many(' ')}x`, 'line 1, column 5000001: expected a value, found x'],
    ['lines', many('\n'), 'line 5000001, column 1: expected a value, found the end of the text'],
  ])('that is %s is read or refused at once', (_, text, why) => {
    const startedAt = performance.now();
    expect(refusalOf(text)).toBe(why && `is not JSON: ${why}`);
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });
});

it.each<[Json, string]>([
  [null, 'null'],
  [[], 'an array'],
  [{}, 'an object'],
  [1, 'a number'],
  [JSON.rawJSON('1e400'), 'a number'],
  ['', 'a string'],
  [false, 'a boolean'],
])('%j is called %s', (value, kind) => {
  expect(kindOf(value)).toBe(kind);
  expect(isJsonObject(value)).toBe(kind === 'an object');
});

it.each<[Json | undefined, Json | undefined, boolean]>([
  [{ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [{ a: 1 }, { a: '1' }, false],
  [[1, 2], [2, 1], false],
  [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }], true],
  [JSON.rawJSON('12345678901234567890'), JSON.rawJSON('12345678901234567890'), true],
  [JSON.rawJSON('12345678901234567890'), JSON.rawJSON('12345678901234567891'), false],
  [null, undefined, false],
  [undefined, undefined, true],
  [null, {}, false],
  [parseJson('{"__proto__": 1}'), {}, false],
])('%j and %j say the same: %s', (a, b, same) => {
  expect(sameJson(a, b)).toBe(same);
  expect(sameJson(b, a)).toBe(same);
});
