import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/api/span.ts';
import { defaultInputs } from '../../src/inputs/inputs.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import { closingPatch, needsStored, newSpanOf, patchFor } from '../../src/plan/patch.ts';
import { EMPTY_RECORDING, type Recording } from '../../src/plan/recording.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const BARE: Span = { id: ID, name: 'Answer a ticket' };
const RUN = { 'cicd.pipeline.run.id': '7', 'cicd.pipeline.task.name': 'eval' };
const FAILED = { ...RUN, 'github.run_attempt': 1, 'cicd.pipeline.task.run.result': 'failure' };
const AGAIN = { ...RUN, 'github.run_attempt': 2, 'cicd.pipeline.task.run.result': 'success' };
const gateOf = (score?: number) => ({ minScore: 80, score, needsScore: true });

/** An object as JSON.parse makes it: `__proto__` is an ordinary key. */
const objectOf = (text: string) => parseJson(text) as JsonObject;

const RESULT = 'cicd.pipeline.task.run.result';

describe('the body of an update', () => {
  test.each<[string, Partial<Recording>, Partial<Span> | undefined, object]>([
    ['has only the recorded fields', { fields: { score: 0, error: '' } }, undefined, { score: 0, error: '' }],
    [
      'has null for cleared fields, unless a value is recorded',
      { clear: ['score', 'error'], fields: { error: 'mine' } },
      undefined,
      { score: null, error: 'mine' },
    ],
    [
      'merges the recorded meta into the stored, key by key at the top level',
      { fields: { meta: { d: 4, b: { other: 1 } } } },
      { meta: { a: 1, b: { deep: true } } },
      { meta: { a: 1, b: { other: 1 }, d: 4 } },
    ],
    [
      'has only the recorded meta if none is stored',
      { fields: { meta: { a: 1 } } },
      { meta: null },
      { meta: { a: 1 } },
    ],
    [
      'has only the recorded meta if it replaces',
      { fields: { meta: { b: 2 } }, keepsMeta: false },
      { meta: { a: 1 } },
      { meta: { b: 2 } },
    ],
    [
      'has only the recorded meta if the stored one is cleared',
      { fields: { meta: { b: 2 } }, clear: ['meta'] },
      { meta: { a: 1 } },
      { meta: { b: 2 } },
    ],
    ['has null for a meta that is cleared', { clear: ['meta'] }, { meta: { a: 1 } }, { meta: null }],
    [
      'has the fallback error where there is none',
      { fallbackError: 'Job failed' },
      {},
      { error: 'Job failed' },
    ],
    [
      'has the fallback error if the span was not read',
      { fallbackError: 'Job failed' },
      undefined,
      { error: 'Job failed' },
    ],
    [
      'has the fallback error if the stored one is cleared',
      { fallbackError: 'Job failed', clear: ['error'] },
      { error: 'old' },
      { error: 'Job failed' },
    ],
    ['has no fallback error where the span has one', { fallbackError: 'Job failed' }, { error: 'old' }, {}],
    [
      'does not have the fallback error if another is recorded',
      { fallbackError: 'Job failed', fields: { error: 'mine' } },
      {},
      { error: 'mine' },
    ],
    ['empties a score that was left behind', { lacksScore: true }, { score: 7 }, { score: null }],
    ['empties a score that may be left behind', { lacksScore: true }, undefined, { score: null }],
    ['does not empty a score that is not there', { lacksScore: true }, {}, {}],
    [
      'records a missed gate on its own score',
      { fields: { score: 80, meta: { [RESULT]: 'success' } }, gate: gateOf(79.6) },
      {},
      { score: 80, error: 'score 79.6 is below min_score 80', meta: { [RESULT]: 'failure' } },
    ],
    [
      'records a missed gate on the stored score',
      { fields: { meta: { [RESULT]: 'success' } }, gate: gateOf() },
      { score: 62 },
      { error: 'score 62 is below min_score 80', meta: { [RESULT]: 'failure' } },
    ],
    [
      'records a gate that is missed for lack of a score',
      { clear: ['score'], gate: gateOf() },
      { score: 90 },
      { score: null, error: 'there is no score to compare with min_score 80' },
    ],
    [
      'has no error of a missed gate where the span has one, and keeps a result other than success',
      { fields: { meta: { [RESULT]: 'cancellation' } }, gate: gateOf(62) },
      { error: 'old' },
      { meta: { [RESULT]: 'cancellation' } },
    ],
    [
      'has no error of a missed gate if the span was not read, since it may have one',
      { fields: { score: 62, meta: { [RESULT]: 'success' } }, gate: gateOf(62) },
      undefined,
      { score: 62, meta: { [RESULT]: 'failure' } },
    ],
    [
      'has the error of a missed gate if the step created the span',
      { fields: { score: 62 }, gate: gateOf(62), isOwn: true },
      undefined,
      { score: 62, error: 'score 62 is below min_score 80' },
    ],
    [
      'does not record a gate whose score is not known, nor one that is passed',
      { fields: { meta: { [RESULT]: 'success' } }, gate: gateOf(), isOwn: true },
      undefined,
      { meta: { [RESULT]: 'success' } },
    ],
    [
      'prefers the fallback error to that of a gate',
      { fields: { score: 62 }, gate: gateOf(62), fallbackError: 'Job failed' },
      {},
      { score: 62, error: 'Job failed' },
    ],
    [
      'empties the error of an earlier attempt',
      { fields: { meta: AGAIN } },
      { error: 'old', meta: FAILED },
      { error: null, meta: AGAIN },
    ],
    ['has no error for a span without one', { fields: { meta: AGAIN } }, { meta: FAILED }, { meta: AGAIN }],
    [
      'replaces the error of an earlier attempt that was cancelled',
      { fields: { meta: AGAIN }, fallbackError: 'Job failed' },
      { error: 'old', meta: { ...FAILED, [RESULT]: 'cancellation' } },
      { error: 'Job failed', meta: AGAIN },
    ],
    [
      'keeps the error of an attempt whose run is not known',
      { fields: { meta: { 'github.run_attempt': 2 } } },
      { error: 'old', meta: { 'github.run_attempt': 1, [RESULT]: 'failure' } },
      { meta: { 'github.run_attempt': 2, [RESULT]: 'failure' } },
    ],
    ...[
      { ...FAILED, 'github.run_attempt': 2 },
      { ...FAILED, 'cicd.pipeline.run.id': '6' },
      { ...FAILED, 'cicd.pipeline.task.name': 'other' },
      { ...FAILED, [RESULT]: 'success' },
      RUN,
      null,
    ].map((meta): [string, Partial<Recording>, Partial<Span>, object] => [
      `keeps the error of a span with the meta ${JSON.stringify(meta)}`,
      { fields: { meta: AGAIN }, fallbackError: 'Job failed' },
      { error: 'old', meta },
      { meta: AGAIN },
    ]),
  ])('%s', (_, recording, stored, body) => {
    expect(patchFor({ ...EMPTY_RECORDING, ...recording }, stored && { ...BARE, ...stored })).toStrictEqual(
      body,
    );
  });

  test('keeps every key of meta, even __proto__', () => {
    const stored = { ...BARE, meta: objectOf('{"__proto__": {"a": 1}, "constructor": 2}') };
    const patch = patchFor(
      { ...EMPTY_RECORDING, fields: { meta: objectOf('{"constructor": 4, "__proto__": 6}') } },
      stored,
    );
    expect(JSON.stringify(patch)).toBe('{"meta":{"__proto__":6,"constructor":4}}');
  });

  test.each<[boolean, Partial<Recording>]>([
    [true, { fields: { meta: {} } }],
    [true, { fields: { meta: {} }, clear: ['error'] }],
    [false, { fields: { score: 9 } }],
    [false, { fields: { meta: {} }, keepsMeta: false }],
    [false, { fields: { meta: {} }, clear: ['meta'] }],
  ])('needs the stored span: %s for %j', (needed, recording) => {
    expect(needsStored({ ...EMPTY_RECORDING, ...recording })).toBe(needed);
  });
});

describe('the small body that only ends a span', () => {
  const recording = {
    ...EMPTY_RECORDING,
    fields: { score: 7, error: 'e'.repeat(5000), end_time: 'now', output: 'x' },
  };

  test('has the reason before the error, cut', () => {
    expect(closingPatch(recording, undefined, 'too large', false)).toStrictEqual({
      end_time: 'now',
      error: `too large\n${'e'.repeat(3989)}…`,
    });
  });

  test('has the score if it may be kept, and no error where the span has one', () => {
    const stored = { ...BARE, error: 'old' };
    expect(closingPatch(recording, stored, 'too large', true)).toStrictEqual({ end_time: 'now', score: 7 });
  });
});

describe('a new span', () => {
  const inputs = defaultInputs();

  test('is named after the job, and starts when it ends, unless given', () => {
    const fields = { end_time: '2026-11-20T12:00:00Z' };
    expect(newSpanOf(inputs, { ...EMPTY_RECORDING, fields }, ID, 'Evals / eval')).toStrictEqual({
      id: ID,
      name: 'Evals / eval',
      end_time: '2026-11-20T12:00:00Z',
      start_time: '2026-11-20T12:00:00Z',
    });
  });

  test('has name, start, parent and trace, and no cleared field', () => {
    const fields = { name: 'mine', start_time: '2026-11-20T11:00:00Z', end_time: '2026-11-20T12:00:00Z' };
    const given = { ...inputs, parent_id: 'p', trace_id: 't' };
    expect(newSpanOf(given, { ...EMPTY_RECORDING, fields, clear: ['score'] }, ID, 'x')).toStrictEqual({
      id: ID,
      parent_id: 'p',
      trace_id: 't',
      ...fields,
    });
  });
});
