import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/api/span.ts';
import { InputError } from '../../src/errors.ts';
import { type Inputs, RECORDED, readInputs } from '../../src/inputs/inputs.ts';
import { type Job, jobOf } from '../../src/job.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import { type Found, NOTHING_FOUND } from '../../src/plan/found.ts';
import {
  closingPlan,
  needsStored,
  newSpanOf,
  type Plan,
  patchFor,
  planOf,
  type Recording,
} from '../../src/plan/plan.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const BARE: Span = { id: ID, name: 'Answer a ticket' };
const RECORDING: Recording = { fields: {}, clear: [], keepsMeta: true, jobError: undefined };
const CONTEXT: Parameters<typeof jobOf>[0] = {
  actor: 'mona',
  eventName: 'push',
  job: 'eval',
  payload: {},
  ref: 'refs/heads/main',
  repo: { owner: 'acme', repo: 'bot' },
  runAttempt: 1,
  runId: 4711,
  serverUrl: 'https://github.com',
  sha: '6dcb',
  workflow: 'Evals',
};
const TESTS: NonNullable<Found['tests']> = {
  format: 'junit',
  files: ['r.xml'],
  passed: 1,
  failed: 1,
  errored: 0,
  skipped: 0,
  durationMs: undefined,
  failures: [{ name: 'b', message: 'no' }],
  meta: {},
  metrics: { pass_rate: 0.5 },
  cases: [],
  casesWanted: 0,
  warnings: [],
};

/** An object as JSON.parse makes it: `__proto__` is an ordinary key. */
const objectOf = (text: string) => parseJson(text) as JsonObject;
const jobWith = (status: Job['status']) => jobOf(CONTEXT, { job_status: status });
const readOf = (given: Readonly<Record<string, string>>) =>
  readInputs((name) => given[name] ?? '', 'op-1', NOW);

function plan(
  given: Readonly<Record<string, string>>,
  found: Partial<Found> = {},
  status: Job['status'] = 'success',
): Plan {
  const inputs = { span_id: ID, ci_meta: 'false', ...given };
  return planOf(readOf(inputs), { ...NOTHING_FOUND, ...found }, jobWith(status));
}

function problemsOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ name }) => name);
    throw error;
  }
}

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
  const inputs = readOf({}).values as Inputs;

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

describe('the plan', () => {
  test('prefers inputs to a fields file, and that to results', () => {
    const found = { tests: TESTS, fields: { type: 'file', name: 'file' }, score: { name: 's', value: 3 } };
    expect(plan({ type: 'input' }, found).recording.fields).toEqual({
      type: 'input',
      name: 'file',
      score: 3,
      error: 'b: no',
      meta: expect.objectContaining({ 'test.total': 2 }),
    });
    expect(plan({ score: '7', error: 'mine' }, found).recording.fields).toMatchObject({
      score: 7,
      error: 'mine',
    });
  });

  test.each<[number, Readonly<Record<string, string>>, number, number?]>([
    [87, { score: '87' }, 0.5, 100],
    [29, { score: '0.285', score_scale: '100' }, 0.5, 10],
    [5, { score_scale: '100' }, 0.5, 10],
    [50, { score_scale: '100' }, 0.5],
  ])(
    'records the score %d for %j and %d in a file with the scale %s, each with its own scale',
    (score, given, value, scale) => {
      const found = { score: { name: 'score in f.json', value, scale } };
      expect(plan(given, found).recording.fields).toEqual({ score });
    },
  );

  test('merges meta over CI facts: results, fields, meta_file, input', () => {
    const found = {
      tests: { ...TESTS, meta: { a: 1, b: 1, c: 1, d: 1 } },
      fields: { meta: { b: 2, c: 2, d: 2 } },
      meta: { c: 3, d: 3 },
    };
    const { meta } = plan({ ci_meta: 'true', meta: '{"d": 4, "github.actor": "me"}' }, found).recording
      .fields;
    expect(meta).toMatchObject({
      a: 1,
      b: 2,
      c: 3,
      d: 4,
      'github.actor': 'me',
      'cicd.pipeline.name': 'Evals',
    });
  });

  test('merges metrics from results, file and input by dimension, later ones win', () => {
    const found = { tests: TESTS, fields: { metrics: { a: { value: 1 }, b: { value: 1 } } } };
    const { metrics } = plan(
      { metrics: '{"b": {"value": 2, "comment": "x"}}', results_file: 'r.xml', results_metrics: 'true' },
      found,
    );
    expect(metrics).toEqual([
      { dimension: 'pass_rate', value: 0.5 },
      { dimension: 'a', value: 1 },
      { dimension: 'b', value: 2, comment: 'x' },
    ]);
    expect(plan({ score: '1' }, { tests: TESTS }).metrics).toEqual([]);
    const wanted = { score: '1', results_file: 'r.xml', results_metrics: 'true' };
    expect(plan(wanted).metrics).toEqual([]);
  });

  test.each<[string, Record<string, string>, Partial<Found>, string[]]>([
    ['a score that is no integer', { score: '0.5' }, {}, ['score']],
    [
      'a score in a file that is not an integer',
      {},
      { score: { name: 'score in f.json', value: 0.5 } },
      ['score in f.json'],
    ],
    [
      'a bad scale alone, where the score depends on it',
      { score_scale: 'all' },
      { score: { name: 'score in f.json', value: 0.5 } },
      ['score_scale'],
    ],
    ['a pass rate beyond safe integers', { score_scale: '1e17' }, { tests: TESTS }, ['score_scale']],
    [
      'what is wrong with files',
      { score: '1' },
      { problems: [{ name: 'meta_file', message: 'x' }] },
      ['meta_file'],
    ],
    ['a field that is cleared and in a file', { clear: 'type' }, { fields: { type: 'x' } }, ['clear']],
    ['a file that clears what is given', { type: 'x' }, { fields: { clear: ['type'] } }, ['clear']],
    [
      'a score that is cleared and in a file',
      { clear: 'score' },
      { score: { name: 's', value: 9 } },
      ['clear'],
    ],
    [
      'a file that clears fields of a new span',
      { operation: 'create', span_id: '' },
      { fields: { clear: ['error'] } },
      ['clear'],
    ],
    [
      'a gate on a different scale than the pass rate',
      { min_score: '0.8', results_file: 'r.xml' },
      { tests: TESTS },
      ['min_score'],
    ],
    [
      'a gate on a different scale than the score in a file',
      { min_score: '0.8' },
      { score: { name: 's', value: 0.9, scale: 100 } },
      ['min_score'],
    ],
    ['an update with nothing to record', {}, {}, ['operation']],
  ])('refuses %s', (_, given, found, names) => {
    expect(problemsOf(() => plan(given, found))).toEqual(names);
  });

  test('names what an update can record where nothing is given', () => {
    expect(() => plan({})).toThrow(new RegExp(`update .* ${RECORDED.join(', ')}`));
  });

  test.each([
    ['a metric', { metrics: '{"a": 1}' }],
    ['a field to clear', { clear: 'score' }],
    ['CI facts', { ci_meta: 'true' }],
  ])('records %s alone', (_, given) => {
    expect(problemsOf(() => plan(given))).toEqual([]);
  });

  test('for a broken job notes problems with files, and records the failure', () => {
    const problems = [{ name: 'results_file', message: 'is missing' }];
    const { unread, recording } = plan(
      {},
      { problems, score: { name: 'score in f.json', value: 0.5 } },
      'failure',
    );
    expect(unread.map(({ name }) => name)).toEqual(['results_file', 'score in f.json']);
    expect(recording).toMatchObject({ fields: {}, jobError: expect.stringContaining('Job eval failed') });
    expect(plan({ score: '1' }, {}, 'success').unread).toEqual([]);
    const contradictory = plan({}, { fields: { clear: ['error'], error: 'mine' } }, 'cancelled');
    expect([contradictory.recording.fields, contradictory.unread.map(({ name }) => name)]).toEqual([
      { error: 'mine' },
      ['clear'],
    ]);
  });

  test('for a broken job still rejects bad inputs', () => {
    const given = { score: '0.5', clear: 'type', type: 'x', retries: 'x' };
    expect(problemsOf(() => plan(given, {}, 'failure'))).toEqual(['retries', 'clear', 'score']);
  });

  test('for the end of a job with bad inputs ends the span with the reason', () => {
    const read = readOf({ span_id: ID, score: 'high', ci_meta: 'false', min_score: '80' });
    const error = new InputError([...read.problems, { name: 'results_file', message: 'is missing' }]);
    const closing = closingPlan(read, error, jobWith('failure'));
    expect(closing?.recording).toEqual({ ...RECORDING, fields: { error: error.message } });
    expect(closing?.inputs).toMatchObject({ span_id: ID, min_score: undefined, retries: 3 });
    const withFacts = closingPlan(readOf({ span_id: ID }), error, jobWith('failure'));
    expect(withFacts?.recording.fields.meta).toMatchObject({ 'cicd.pipeline.task.run.result': 'failure' });
    expect(closingPlan(readOf({ base_url: 'x' }), error, jobWith('failure'))).toBeUndefined();
  });
});
