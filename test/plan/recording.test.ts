import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/api/span.ts';
import { defaultInputs } from '../../src/inputs/inputs.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import { needsStored, newSpanOf, patchFor, type Recording } from '../../src/plan/recording.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const BARE: Span = { id: ID, name: 'Answer a ticket' };
const RECORDING: Recording = { fields: {}, clear: [], keepsMeta: true, jobError: undefined };

/** An object as JSON.parse makes it: `__proto__` is an ordinary key. */
const objectOf = (text: string) => parseJson(text) as JsonObject;

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
    ['has the error of the job where there is none', { jobError: 'Job failed' }, {}, { error: 'Job failed' }],
    [
      'has the error of the job if the span was not read',
      { jobError: 'Job failed' },
      undefined,
      { error: 'Job failed' },
    ],
    [
      'has the error of the job if the stored one is cleared',
      { jobError: 'Job failed', clear: ['error'] },
      { error: 'old' },
      { error: 'Job failed' },
    ],
    ['has no error of the job where the span has one', { jobError: 'Job failed' }, { error: 'old' }, {}],
    [
      'does not have the error of the job if another is recorded',
      { jobError: 'Job failed', fields: { error: 'mine' } },
      {},
      { error: 'mine' },
    ],
  ])('%s', (_, recording, stored, body) => {
    expect(patchFor({ ...RECORDING, ...recording }, stored && { ...BARE, ...stored })).toStrictEqual(body);
  });

  test('keeps every key of meta, even __proto__', () => {
    const stored = { ...BARE, meta: objectOf('{"__proto__": {"a": 1}, "constructor": 2}') };
    const patch = patchFor(
      { ...RECORDING, fields: { meta: objectOf('{"constructor": 4, "__proto__": 6}') } },
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
    expect(needsStored({ ...RECORDING, ...recording })).toBe(needed);
  });
});

describe('a new span', () => {
  const inputs = defaultInputs();

  test('is named after the job, and starts when it ends, unless given', () => {
    const fields = { end_time: '2026-11-20T12:00:00Z' };
    expect(newSpanOf(inputs, { ...RECORDING, fields }, ID, 'Evals / eval')).toStrictEqual({
      id: ID,
      name: 'Evals / eval',
      end_time: '2026-11-20T12:00:00Z',
      start_time: '2026-11-20T12:00:00Z',
    });
  });

  test('has name, start, parent and trace, and no cleared field', () => {
    const fields = { name: 'mine', start_time: '2026-11-20T11:00:00Z', end_time: '2026-11-20T12:00:00Z' };
    const given = { ...inputs, parent_id: 'p', trace_id: 't' };
    expect(newSpanOf(given, { ...RECORDING, fields, clear: ['score'] }, ID, 'x')).toStrictEqual({
      id: ID,
      parent_id: 'p',
      trace_id: 't',
      ...fields,
    });
  });
});
