import { describe, expect, it } from 'vitest';
import type { Span, SpanPatch } from '../../src/api/span.ts';
import { caseSpanWarning, changesBetween, storedWarnings } from '../../src/api/stored.ts';
import { type JsonObject, parseExactJson } from '../../src/json.ts';

const BARE: Span = { id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', name: 'Answer a ticket' };
/** An object as a response holds it: numbers with their digits, `__proto__` a key like any other. */
const objectOf = (text: string) => parseExactJson(text) as JsonObject;

const SAME: [string, SpanPatch, Partial<Span>][] = [
  ['nothing', {}, {}],
  ['all that is there', { score: 9, name: BARE.name, meta: { a: 1 } }, { score: 9, meta: { a: 1 } }],
  ['null and nothing', { score: null, error: null }, { error: null }],
  ['nothing and an empty text', { error: null, input: null }, { error: '', input: '' }],
  ['nothing and an empty time', { start_time: null, end_time: '' }, { start_time: '', end_time: null }],
  ['a number in another spelling', { score: 87 }, { score: JSON.rawJSON('87.0') }],
  [
    'the same time written differently',
    { end_time: '2026-04-07 15:33:27.179710+02:00' },
    { end_time: '2026-04-07T13:33:27.179000+00:00' },
  ],
  [
    'a time without its offset',
    { start_time: '2026-04-07T13:33:27Z' },
    { start_time: '2026-04-07T13:33:27' },
  ],
  ['text that is not a time', { end_time: 'soon' }, { end_time: 'soon' }],
  ['keys in another order', { meta: { a: 1, b: { c: 2, d: 3 } } }, { meta: { b: { d: 3, c: 2 }, a: 1 } }],
  ['a text and its JSON', { input: '{"a": 1}', output: '[1]' }, { input: { a: 1 }, output: [1] }],
  [
    'the same with a number that a double cannot hold',
    { output: '{"id": 12345678901234567890}' },
    { output: objectOf('{"id": 12345678901234567890}') },
  ],
];

describe('between two states of a span', () => {
  it.each(SAME)('there is no change from %s', (_, before, after) => {
    expect(changesBetween({ ...BARE, ...(before as Partial<Span>) }, { ...BARE, ...after })).toEqual([]);
  });

  it.each<[string, Partial<Span>, Partial<Span>, readonly string[]]>([
    ['a value that came', {}, { score: 0 }, ['score']],
    ['a value that went', { error: 'no' }, { error: null }, ['error']],
    ['a time', { end_time: '2026-04-07T13:33:27Z' }, { end_time: '2026-04-07T13:33:27+02:00' }, ['end_time']],
    ['text that is not a time', { end_time: 'soon' }, { end_time: 'later' }, ['end_time']],
    [
      'a text that reads like the same time',
      { name: '2026-04-07T13:33:27Z' },
      { name: '2026-04-07T13:33:27+00:00' },
      ['name'],
    ],
    ['a key of meta', { meta: { a: 1 } }, { meta: { a: 1, b: null } }, ['meta']],
    ['a text that is not JSON', { output: 'a' }, { output: ['a'] }, ['output']],
    ['the quotes of a text', { output: '"a"' }, { output: 'a' }, ['output']],
    [
      'several, in the order of the inputs',
      { name: 'a', score: 1 },
      { name: 'b', score: 2 },
      ['score', 'name'],
    ],
    ['nothing that cannot be recorded', { trace_id: 'a' }, { trace_id: 'b' }, []],
  ])('the change is %s', (_, before, after, changes) => {
    expect(changesBetween({ ...BARE, ...before }, { ...BARE, ...after })).toEqual(changes);
  });
});

describe('a response', () => {
  const warnings = (sent: SpanPatch, response: Partial<Span>, isMerged = true) =>
    storedWarnings(sent, { ...BARE, ...response }, isMerged);

  it.each(SAME)('with %s causes no warning', (_, sent, response) => {
    expect([warnings(sent, response), warnings(sent, response, false)]).toEqual([[], []]);
  });

  it.each<[string, SpanPatch, Partial<Span>, RegExp, boolean?]>([
    ['a score that was not stored', { score: 9 }, { score: null }, /^score .* 9, .* nothing$/],
    [
      'another time',
      { end_time: '2026-04-07T13:33:27Z' },
      { end_time: '2026-04-07T13:33:28Z' },
      /^end_time .*:27Z", .*:28Z"$/,
    ],
    ['a time that is not there', { end_time: '2026-04-07T13:33:27Z' }, {}, /^end_time .*:27Z", .* nothing$/],
    ['a field that is still there', { error: null }, { error: 'no' }, /^error .*cleared.* "no"$/],
    ['a meta that is still there', { meta: null }, { meta: { a: 1 } }, /^meta .*cleared.* {"a":1}$/],
    [
      'a merged key that is missing',
      { meta: { a: 1, b: 2 } },
      { meta: { a: 1 } },
      /^meta .* {"b":2}, .* {}$/,
    ],
    [
      'a merged key with another value',
      { meta: { a: { b: 1 }, c: 1 } },
      { meta: { a: { b: 2 }, c: 1 } },
      /^meta .* {"a":{"b":1}}, .* {"a":{"b":2}}$/,
    ],
    [
      'the key __proto__',
      { meta: objectOf('{"__proto__": {}}') },
      { meta: {} },
      /^meta .* {"__proto__":{}}, .* {}$/,
    ],
    ['all of meta', { meta: { a: 1 } }, { meta: null }, /^meta .* {"a":1}, .* nothing$/],
    [
      'a key that a replace did not remove',
      { meta: { a: 1 } },
      { meta: { b: 2, a: 1 } },
      /^meta .* {}, .* {"b":2}$/,
      false,
    ],
    [
      'a digit of a number that a double cannot hold',
      { meta: objectOf('{"id": 12345678901234567890}') },
      { meta: objectOf('{"id": 12345678901234567891}') },
      /^meta .*890}, .*891}$/,
    ],
    [
      'an output that is kept only with retention on',
      { output: 'o' },
      { output: null },
      /^output .*retention/,
    ],
    ['an input that is kept only with retention on', { input: 'i' }, { input: null }, /^input .*retention/],
    [
      'a score beside a meta that was stored',
      { score: 9, meta: { a: 1 } },
      { score: null, meta: { a: 1 } },
      /^score .* 9, .* nothing$/,
    ],
    ['a text that became empty', { error: 'no' }, { error: '' }, /^error .* "no", .* nothing$/],
    ['an input that is another', { input: '1' }, { input: 0 }, /^input .* "1", .* 0$/],
    ['a long text, cut', { error: 'x'.repeat(9999) }, { error: 'y' }, /^error .{0,99} "x{499}…", .* "y"$/],
  ])('with %s causes a warning', (_, sent, response, warning, isMerged) => {
    expect(warnings(sent, response, isMerged)).toEqual([expect.stringMatching(warning)]);
  });

  const PARENT = '123e4567-e89b-12d3-a456-426614174000';
  const OTHER = '00000000-0000-4000-8000-000000000000';

  it.each<[string, Partial<Span>, string[]]>([
    ['parent and trace', { parent_id: PARENT.toUpperCase(), trace_id: PARENT }, []],
    [
      'another parent',
      { parent_id: OTHER, trace_id: PARENT },
      [`parent_id was not stored as sent: sent "${PARENT}", the span has "${OTHER}"`],
    ],
    [
      'no trace',
      { parent_id: PARENT, trace_id: null },
      [`trace_id was not stored as sent: sent "${PARENT}", the span has nothing`],
    ],
  ])('with %s is compared as UUIDs', (_, response, expected) => {
    const sent = { name: BARE.name, parent_id: PARENT, trace_id: PARENT };
    expect(storedWarnings(sent, { ...BARE, ...response }, false)).toEqual(expected);
    expect(storedWarnings({ name: BARE.name }, { ...BARE, ...response }, false)).toEqual([]);
  });

  it('with a key of meta that another job added meanwhile causes no warning', () => {
    expect(warnings({ meta: { a: 1 } }, { meta: { b: 2, a: 1 } })).toEqual([]);
  });

  it('with an end before the start, sent or not, causes a warning, and so does each field', () => {
    const times = { start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T13:33:26Z' };
    expect(warnings({ score: 1, type: 't' }, times)).toEqual([
      expect.stringMatching(/^score /),
      expect.stringMatching(/^type /),
      expect.stringMatching(/^end_time .*:26Z .*start_time .*:27Z$/),
    ]);
    expect(warnings({}, { ...times, end_time: times.start_time })).toEqual([]);
  });
});

describe('a response to a case span', () => {
  const sent = { id: BARE.id, name: BARE.name, score: 9, input: 'i', output: 'o' };
  const different = (field: string, value: string) =>
    `${field} was not stored as sent: sent "${value}", the span has "x"`;

  it.each<[string, Partial<Span>, string | undefined]>([
    ['all fields', { input: 'i', output: 'o' }, undefined],
    ['neither input nor output', { input: null, output: '' }, undefined],
    ['another input', { input: 'x', output: 'o' }, different('input', 'i')],
    ['another output', { input: 'i', output: 'x' }, different('output', 'o')],
    ['another name, input and output', { name: 'x', input: 'x', output: 'x' }, different('name', BARE.name)],
  ])('with %s causes at most one warning', (_, response, warning) => {
    expect(caseSpanWarning(sent, { ...sent, ...response })).toBe(warning);
  });
});
