import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import {
  changesBetween,
  durationMsOf,
  needsStored,
  patchFor,
  type Recording,
  Span,
  type SpanPatch,
  unstoredFields,
} from '../../src/api/span.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import { runStep } from '../harness/runner.ts';
import { startSpanServer } from '../harness/span-server.ts';

const BARE: Span = { id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', name: 'Answer a ticket' };

const recordingOf = (recording: Partial<Recording>): Recording => ({
  fields: {},
  clear: [],
  keepsMeta: true,
  ...recording,
});
/** An object as JSON.parse makes it: `__proto__` is a key like any other. */
const objectOf = (text: string) => parseJson(text) as JsonObject;
describe('the body of an update', () => {
  it('has the fields that are recorded and no other', () => {
    expect(patchFor(recordingOf({ fields: { score: 0, error: '' } }))).toStrictEqual({ score: 0, error: '' });
    expect(patchFor(recordingOf({}))).toStrictEqual({});
  });

  it('has null for what is cleared, unless a value is recorded after all', () => {
    const recording = recordingOf({
      clear: ['score', 'error', 'name'],
      fields: { error: 'Job eval failed' },
    });
    expect(patchFor(recording)).toStrictEqual({ score: null, error: 'Job eval failed', name: null });
  });

  it('has the stored meta under the recorded, key by key at the top level, in the order of both', () => {
    const stored = { ...BARE, meta: { a: 1, b: { deep: true }, c: 3 } };
    const patch = patchFor(recordingOf({ fields: { meta: { d: 4, b: { other: 1 } } } }), stored);
    expect(JSON.stringify(patch)).toBe('{"meta":{"a":1,"b":{"other":1},"c":3,"d":4}}');
    expect(stored.meta).toEqual({ a: 1, b: { deep: true }, c: 3 });
  });

  it.each([[undefined], [BARE], [{ ...BARE, meta: null }]])(
    'has the recorded meta alone where none is stored: %j',
    (stored) => {
      expect(patchFor(recordingOf({ fields: { meta: { a: 1 } } }), stored)).toStrictEqual({ meta: { a: 1 } });
    },
  );

  it('takes every key of meta as a key, that of a prototype too', () => {
    const stored = { ...BARE, meta: objectOf('{"__proto__": {"a": 1}, "constructor": 2, "toString": 3}') };
    const meta = objectOf('{"constructor": 4, "hasOwnProperty": 5}');
    expect(JSON.stringify(patchFor(recordingOf({ fields: { meta } }), stored))).toBe(
      '{"meta":{"__proto__":{"a":1},"constructor":4,"toString":3,"hasOwnProperty":5}}',
    );
    const own = patchFor(recordingOf({ fields: { meta: objectOf('{"__proto__": 6}') } }), stored);
    expect(JSON.stringify(own)).toBe('{"meta":{"__proto__":6,"constructor":2,"toString":3}}');
  });

  it.each<[string, Partial<Recording>]>([
    ['meta_mode is replace', { keepsMeta: false }],
    ['meta is cleared, and CI facts are recorded', { clear: ['meta'] }],
  ])('has the recorded meta alone where %s', (_, recording) => {
    const stored = { ...BARE, meta: { a: 1 } };
    expect(patchFor(recordingOf({ fields: { meta: { b: 2 } }, ...recording }), stored)).toStrictEqual({
      meta: { b: 2 },
    });
  });

  it('has null for a meta that is cleared', () => {
    expect(patchFor(recordingOf({ clear: ['meta'] }), { ...BARE, meta: { a: 1 } })).toStrictEqual({
      meta: null,
    });
  });
});

it.each<[boolean, Partial<Recording>]>([
  [true, { fields: { meta: {} } }],
  [false, { fields: { score: 9 } }],
  [false, { fields: { meta: {} }, keepsMeta: false }],
  [false, { fields: { meta: {} }, clear: ['meta'] }],
  [true, { fields: { meta: {} }, clear: ['error'] }],
  [false, { clear: ['meta'] }],
])('whether the stored span is needed is %s for %j', (needed, recording) => {
  expect(needsStored(recordingOf(recording))).toBe(needed);
});

describe('what changed between two states of a span', () => {
  it.each<[string, Partial<Span>, Partial<Span>, readonly string[]]>([
    ['nothing', {}, {}, []],
    ['a value that came', {}, { score: 0 }, ['score']],
    ['a value that went', { error: 'no' }, { error: null }, ['error']],
    ['not null in place of nothing', { score: null }, {}, []],
    [
      'not the way of writing a time',
      { end_time: '2026-04-07T15:33:27.000+02:00' },
      { end_time: '2026-04-07T13:33:27+00:00' },
      [],
    ],
    [
      'not an offset that the API leaves out',
      { start_time: '2026-04-07T13:33:27Z' },
      { start_time: '2026-04-07T13:33:27' },
      [],
    ],
    ['a time', { end_time: '2026-04-07T13:33:27Z' }, { end_time: '2026-04-07T13:33:27+02:00' }, ['end_time']],
    ['a time that is none', { end_time: 'soon' }, { end_time: 'later' }, ['end_time']],
    ['not the same time that is none', { end_time: 'soon' }, { end_time: 'soon' }, []],
    [
      'not a text that reads like the same time',
      { input: '2026-04-07T13:33:27Z' },
      { input: '2026-04-07T13:33:27+00:00' },
      ['input'],
    ],
    [
      'not the order of keys',
      { meta: { a: 1, b: { c: 2, d: 3 } } },
      { meta: { b: { d: 3, c: 2 }, a: 1 } },
      [],
    ],
    ['a key of meta', { meta: { a: 1 } }, { meta: { a: 1, b: null } }, ['meta']],
    ['JSON in an output', { output: [1] }, { output: '[1]' }, ['output']],
    [
      'several, in the order of the inputs',
      { name: 'a', score: 1 },
      { name: 'b', score: 2 },
      ['score', 'name'],
    ],
    ['not what cannot be recorded', { trace_id: 'a' }, { trace_id: 'b' }, []],
  ])('%s', (_, before, after, changes) => {
    expect(changesBetween({ ...BARE, ...before }, { ...BARE, ...after })).toEqual(changes);
  });
});

describe('what the answer lacks of what was sent', () => {
  it.each<[string, SpanPatch, Partial<Span>, readonly string[], isMerged?: boolean]>([
    ['nothing of nothing', {}, { score: 9 }, []],
    [
      'nothing where all is there',
      { score: 9, error: null, meta: { a: 1 } },
      { score: 9, meta: { a: 1 } },
      [],
    ],
    ['a score that was not stored', { score: 9, name: BARE.name }, { score: null }, ['score']],
    ['a field that is still there', { error: null }, { error: 'no' }, ['error']],
    [
      'not a time written in another way',
      { end_time: '2026-04-07 15:33:27.179+02:00' },
      { end_time: '2026-04-07T13:33:27.179000+00:00' },
      [],
    ],
    [
      'another time',
      { end_time: '2026-04-07T13:33:27Z' },
      { end_time: '2026-04-07T13:33:28Z' },
      ['end_time'],
    ],
    ['a merged key that is missing', { meta: { a: 1, b: 2 } }, { meta: { a: 1 } }, ['meta']],
    ['a merged key with another value', { meta: { a: { b: 1 } } }, { meta: { a: { b: 2 } } }, ['meta']],
    ['not a key that somebody else added', { meta: { a: 1 } }, { meta: { b: 2, a: 1 } }, []],
    ['the key __proto__', { meta: objectOf('{"__proto__": {}}') }, { meta: {} }, ['meta']],
    ['all of meta', { meta: { a: 1 } }, { meta: null }, ['meta']],
    ['a score beside a merged meta', { score: 1, meta: { a: 1 } }, { score: 2, meta: { a: 1 } }, ['score']],
    ['a meta that is still there', { meta: null }, { meta: { a: 1 } }, ['meta']],
    ['a key that a replace left there', { meta: { a: 1 } }, { meta: { b: 2, a: 1 } }, ['meta'], false],
    ['not the order of replaced keys', { meta: { a: 1, b: 2 } }, { meta: { b: 2, a: 1 } }, [], false],
  ])('%s', (_, patch, answer, unstored, isMerged = true) => {
    expect(unstoredFields(patch, { ...BARE, ...answer }, isMerged)).toEqual(unstored);
  });
});

it.each<[Partial<Span>, number | undefined]>([
  [{ start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T15:33:28.5+02:00' }, 1500],
  [{ start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T13:33:26Z' }, -1000],
  [{ start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T13:33:27Z' }, 0],
  [{ start_time: '2026-04-07T13:33:27Z' }, undefined],
  [{ start_time: null, end_time: '2026-04-07T13:33:27Z' }, undefined],
  [{ start_time: 'soon', end_time: '2026-04-07T13:33:27Z' }, undefined],
])('a span of %j lasts %s ms', (span, duration) => {
  expect(durationMsOf(span)).toBe(duration);
});

describe('a span as the API answers it', () => {
  it('may have fields that are new, null or missing, and any JSON as input and output', () => {
    const answer = {
      ...BARE,
      score: null,
      input: [1, { a: null }],
      meta: { big: JSON.rawJSON('12345678901234567890') },
      feedback: { score: 0.5, comment: null, by: 'a' },
      shine: true,
    };
    expect(z.safeParse(Span, answer)).toEqual({ success: true, data: answer });
  });

  it('has an id, a name, and no field of a wrong type', () => {
    const answer = { name: 7, score: '9', meta: 'none', feedback: { score: 'good' } };
    const places = z.safeParse(Span, answer).error?.issues.map(({ path }) => path.join('.'));
    expect(places).toEqual(['id', 'name', 'meta', 'score', 'feedback.score']);
  });
});

describe('on a server that does with meta what nobody outside knows', () => {
  const stored = {
    prompt_version: 12,
    model: { name: 'small-2' },
    constructor: 'kept',
    dataset: 'support-v2',
  };

  it.each(['merge', 'replace'] as const)(
    'and it %ss, keys the step does not name are still there afterwards',
    async (meta) => {
      await using server = await startSpanServer({ meta });
      const { id } = server.create({ name: 'Answer a ticket', meta: stored });
      const { exitCode, annotations, outputs } = await runStep({
        with: {
          api_key: server.key,
          base_url: server.baseUrl,
          span_id: id,
          ci_meta: 'false',
          meta: '{"dataset": "support-v3", "cost": 0.25}',
        },
      });
      const expected = { ...stored, dataset: 'support-v3', cost: 0.25 };
      expect({ exitCode, annotations, meta: JSON.parse(outputs.meta ?? '') }).toEqual({
        exitCode: 0,
        annotations: [],
        meta: expected,
      });
      expect(server.span(id).meta).toEqual(expected);
    },
  );
});
