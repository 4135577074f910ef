import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { RECORDED, readInputs } from '../../src/inputs/inputs.ts';
import { type Job, jobOf } from '../../src/job.ts';
import { type Plan, planOf } from '../../src/plan/plan.ts';
import { NO_RESULTS } from '../../src/plan/read-files.ts';
import type { Recording } from '../../src/plan/recording.ts';
import type { Moment } from '../../src/plan/task.ts';
import type { Results } from '../../src/results/results.ts';
import { PUSH } from '../harness/push.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const TESTS: NonNullable<Results['tests']> = {
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

const jobWith = (status: Job['status']) => jobOf(PUSH, { job_status: status });
const readOf = (given: Readonly<Record<string, string>>) =>
  readInputs((name) => given[name] ?? '', 'op-1', NOW);

function plan(
  given: Readonly<Record<string, string>>,
  found: Partial<Results> = {},
  status: Job['status'] = 'success',
  moment: Partial<Moment> = {},
): Plan {
  const inputs = { span_id: ID, ci_meta: 'false', ...given };
  const now = { now: NOW, newId: () => 'new', ...moment };
  return planOf(readOf(inputs), { ...NO_RESULTS, ...found }, jobWith(status), now);
}

function recordingOf({ task }: Plan): Recording {
  return 'recording' in task ? task.recording : expect.fail(`${task.kind} has no recording`);
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

describe('the plan', () => {
  test('prefers inputs to a fields file, and that to results', () => {
    const found = { tests: TESTS, fields: { type: 'file', name: 'file' }, score: { name: 's', value: 3 } };
    expect(recordingOf(plan({ type: 'input' }, found)).fields).toEqual({
      type: 'input',
      name: 'file',
      score: 3,
      error: 'b: no',
      meta: expect.objectContaining({ 'test.total': 2 }),
    });
    expect(recordingOf(plan({ score: '7', error: 'mine' }, found)).fields).toMatchObject({
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
      expect(recordingOf(plan(given, found)).fields).toEqual({ score });
    },
  );

  test('merges meta over CI facts: results, files, input', () => {
    const found = {
      tests: { ...TESTS, meta: { a: 1, b: 1, c: 1, d: 1 } },
      fields: { meta: { b: 2, c: 2, d: 2 } },
    };
    const given = { ci_meta: 'true', meta: '{"d": 4, "github.actor": "me"}' };
    const { meta } = recordingOf(plan(given, found)).fields;
    expect(meta).toMatchObject({
      a: 1,
      b: 2,
      c: 2,
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

  test.each<[string, Record<string, string>, Partial<Results>, string[]]>([
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
      { problems: [{ name: 'meta_file', message: 'x', isFromFile: true }] },
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
  ])('rejects %s', (_, given, found, names) => {
    expect(problemsOf(() => plan(given, found))).toEqual(names);
  });

  test('names what an update can record if nothing is given', () => {
    expect(() => plan({})).toThrow(new RegExp(`update .* ${RECORDED.join(', ')}`));
  });

  test.each([
    ['a metric', { metrics: '{"a": 1}' }],
    ['a field to clear', { clear: 'score' }],
    ['CI facts', { ci_meta: 'true' }],
  ])('is valid with nothing but %s', (_, given) => {
    expect(problemsOf(() => plan(given))).toEqual([]);
  });

  test('for a failed or cancelled job warns about problems with files, and records the failure', () => {
    const problems = [{ name: 'results_file', message: 'is missing', isFromFile: true }];
    const failed = plan({}, { problems, score: { name: 'score in f.json', value: 0.5 } }, 'failure');
    expect(failed.warnings).toEqual([
      expect.stringMatching(/^results_file: is missing\. The job has failed/),
      expect.stringMatching(/^score in f\.json: /),
    ]);
    expect(recordingOf(failed)).toMatchObject({
      fields: {},
      jobError: expect.stringContaining('Job eval failed'),
    });
    expect(plan({ score: '1' }, {}, 'success').warnings).toEqual([]);
    const contradictory = plan({}, { fields: { clear: ['error'], error: 'mine' } }, 'cancelled');
    expect([recordingOf(contradictory).fields, contradictory.warnings]).toEqual([
      { error: 'mine' },
      [expect.stringMatching(/^clear: .*The job was cancelled/)],
    ]);
  });

  test('for a failed or cancelled job still rejects bad inputs', () => {
    const given = { score: '0.5', clear: 'type', type: 'x', retries: 'x' };
    expect(problemsOf(() => plan(given, {}, 'failure'))).toEqual(['retries', 'clear', 'score']);
  });

  test('makes a span for each case', () => {
    const tests = { ...TESTS, cases: [{ name: 'a', status: 'passed', score: 0.5 } as const] };
    const given = { score: '0', score_scale: '10', results_file: 'r.xml', case_spans: 'all' };
    expect(plan(given, { tests }).caseSpans).toEqual([
      { id: 'new', name: 'a', type: 'test', score: 5, meta: { 'test.status': 'passed' } },
    ]);
  });

  describe('at the end of a job', () => {
    const end = (given: Readonly<Record<string, string>>, found: Partial<Results> = {}) => {
      const tracked = { id: ID, exists: true, sent: [] };
      return plan({ ci_meta: 'true', ...given }, found, 'failure', { tracked });
    };

    test('is the same if the inputs are good', () => {
      const { fields, ...others } = recordingOf(end({ score: '9', ci_meta: 'false' }));
      const { fields: withoutEnd, ...same } = recordingOf(plan({ score: '9' }, {}, 'failure'));
      expect([fields, others]).toEqual([{ ...withoutEnd, end_time: NOW.toISOString() }, same]);
    });

    test('with bad inputs ends the span with the reason', () => {
      const { inputs, refused, ...ended } = end({ score: 'high', ci_meta: 'false', min_score: '80' });
      expect(recordingOf({ inputs, ...ended })).toMatchObject({
        fields: { error: expect.stringMatching(/^score: /), end_time: NOW.toISOString() },
        clear: [],
        keepsMeta: true,
      });
      expect(inputs).toMatchObject({ span_id: ID, min_score: undefined, retries: 3 });
      expect(refused?.problems.map(({ name }) => name)).toEqual(['score']);
    });

    test('with bad inputs records the CI facts', () => {
      const { meta } = recordingOf(end({ score: 'high' })).fields;
      expect(meta).toMatchObject({ 'cicd.pipeline.task.run.result': 'failure' });
    });

    test.each([{ base_url: 'x' }, { api_key: 'two\nlines' }])(
      'rejects %j, since nothing can be sent',
      (given) => {
        expect(problemsOf(() => end(given))).toEqual(Object.keys(given));
      },
    );
  });
});
