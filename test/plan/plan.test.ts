import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { RECORDING_INPUTS, readInputs } from '../../src/inputs/inputs.ts';
import { type Job, jobOf } from '../../src/job.ts';
import { closingPlan, type Plan, planOf } from '../../src/plan/plan.ts';
import { NO_RESULTS } from '../../src/plan/read-files.ts';
import type { Recording } from '../../src/plan/recording.ts';
import type { Stage } from '../../src/plan/task.ts';
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
};

const JSON_FILE = { results_file: 'r.json', results_format: 'json', score_pointer: '/a' };
const manyMetrics = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i])));

const jobWith = (status: Job['status']) => jobOf(PUSH, { job_status: status });
const readOf = (given: Readonly<Record<string, string>>) =>
  readInputs((name) => given[name] ?? '', 'op-1', NOW);

function plan(
  given: Readonly<Record<string, string>>,
  found: Partial<Results> = {},
  status: Job['status'] = 'success',
  stage: Partial<Stage> = {},
): Plan {
  const inputs = { span_id: ID, ci_meta: 'false', ...given };
  const full = { now: NOW, newId: () => 'new', given: [], tracked: undefined, lost: [], ...stage };
  return planOf(readOf(inputs), { ...NO_RESULTS, ...found }, jobWith(status), full);
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

  test('merges metrics from results, pointers, file and input by dimension, later ones win', () => {
    const fields = { metrics: { a: { value: 1 }, b: { value: 1 } } };
    const found = { tests: TESTS, metrics: { pass_rate: 0.25, a: 5, c: 3 }, fields };
    const { metrics } = plan(
      { metrics: '{"b": {"value": 2, "comment": "x"}}', results_file: 'r.xml', results_metrics: 'true' },
      found,
    );
    expect(metrics).toEqual([
      { dimension: 'pass_rate', value: 0.25 },
      { dimension: 'a', value: 1 },
      { dimension: 'c', value: 3 },
      { dimension: 'b', value: 2, comment: 'x' },
    ]);
    expect(plan({ score: '1' }, { tests: TESTS }).metrics).toEqual([]);
    const wanted = { score: '1', results_file: 'r.xml', results_metrics: 'true' };
    expect(plan(wanted).metrics).toEqual([]);
  });

  test.each<[string, Record<string, string>, Partial<Results>, string[]]>([
    ['a score that is not an integer', { score: '0.5' }, {}, ['score']],
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
    [
      'a bad scale alone, even if the score in a file has its own',
      { score_scale: 'all', min_score: '0.8' },
      { score: { name: 's', value: 1e300, scale: 1 } },
      ['score_scale'],
    ],
    ['a score out of range alone', { score: '1e300', score_scale: '1', min_score: '0.8' }, {}, ['score']],
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
    [
      'missing results alone, if the gate goes with their scale',
      { min_score: '0.8', results_file: 'r.xml', score_scale: '1' },
      { problems: [{ name: 'results_file', message: 'is missing', isFromFile: true }] },
      ['results_file'],
    ],
    ['too many metrics', { metrics: manyMetrics(501) }, {}, ['metrics']],
    ['an update with nothing to record', {}, {}, ['operation']],
  ])('rejects %s', (_, given, found, names) => {
    expect(problemsOf(() => plan(given, found))).toEqual(names);
  });

  test('does not report a bug as a bad score', () => {
    expect(() => plan({}, { score: { name: 's', value: 9n as never } })).toThrow(TypeError);
  });

  test('names what an update can record if nothing is given', () => {
    expect(() => plan({})).toThrow(new RegExp(`update .* ${RECORDING_INPUTS.join(', ')}`));
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
      fallbackError: expect.stringContaining('Job eval failed'),
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

  test('creates a span for each case', () => {
    const tests = { ...TESTS, cases: [{ name: 'a', status: 'passed', score: 0.5 } as const] };
    const given = { score: '0', score_scale: '10', results_file: 'r.xml', case_spans: 'all' };
    expect(plan(given, { tests }).caseSpans).toEqual([
      { id: 'new', name: 'a', type: 'test', score: 5, meta: { 'test.status': 'passed' } },
    ]);
  });

  describe('of results that are incomplete', () => {
    const BAD = { name: 'results_file', message: 'b.xml is cut', isFromFile: true };
    const OUTCOME = { name: 'results_outcome', message: 'is failure', isFromFile: true };
    const PASSED = { ...TESTS, failed: 0, failures: [] };
    const inputs = { results_file: 'r.xml', ci_meta: 'true', min_score: '80', results_metrics: 'true' };

    test('records counts and failures, with the reasons before them, and no score', () => {
      const result = plan({ ...inputs, metrics: '{"a": 1}' }, { tests: TESTS, problems: [BAD] });
      const { fields, lacksScore, gate } = recordingOf(result);
      expect({
        ...fields,
        lacksScore,
        gate,
        failure: String(result.failure),
        metrics: result.metrics,
      }).toEqual({
        error: 'results_file: b.xml is cut\nb: no',
        meta: expect.objectContaining({ 'test.total': 2, 'cicd.pipeline.task.run.result': 'failure' }),
        lacksScore: true,
        gate: undefined,
        failure: 'InputError: results_file: b.xml is cut',
        metrics: [{ dimension: 'a', value: 1 }],
      });
    });

    test('keeps a score and an error that are given, and judges that score', () => {
      const given = { ...inputs, score: '62', error: 'mine' };
      const { fields, lacksScore, gate, fallbackError } = recordingOf(
        plan(given, { tests: TESTS, problems: [BAD] }),
      );
      expect({ ...fields, lacksScore, gate, fallbackError }).toMatchObject({
        score: 62,
        error: 'mine',
        lacksScore: false,
        gate: { minScore: 80, score: 62, needsScore: true },
        fallbackError: 'results_file: b.xml is cut',
      });
    });

    test('has the reason only for a span without an error, if nothing failed', () => {
      const { fields, fallbackError } = recordingOf(plan(inputs, { tests: PASSED, problems: [BAD] }));
      expect([fields.error, fallbackError]).toEqual([undefined, 'results_file: b.xml is cut']);
    });

    test('names ten bad files and how many more there are, in 64 KiB at most', () => {
      const problems = Array.from({ length: 5000 }, (_, i) => ({
        ...BAD,
        message: `${i}${'é'.repeat(9000)}`,
      }));
      const { fields } = recordingOf(plan(inputs, { tests: TESTS, problems }));
      expect([Buffer.byteLength(fields.error ?? ''), fields.error?.at(-1)]).toEqual([64 * 1024, '…']);
      const short = problems.map((problem, i) => ({ ...problem, message: `f${i}` }));
      const { error = '' } = recordingOf(plan(inputs, { tests: TESTS, problems: short })).fields;
      expect(error.split('\n').slice(9)).toEqual(['results_file: f9', 'and 4990 more', 'b: no']);
    });

    test('is a warning in a failed job, whose result stays', () => {
      const result = plan(inputs, { tests: TESTS, problems: [BAD] }, 'cancelled');
      expect(result).toMatchObject({ failure: undefined, warnings: [expect.stringContaining('b.xml')] });
      expect(recordingOf(result)).toMatchObject({
        fields: {
          error: 'results_file: b.xml is cut\nb: no',
          meta: { 'cicd.pipeline.task.run.result': 'cancellation' },
        },
        lacksScore: true,
        gate: undefined,
      });
    });

    test.each<[string, Partial<Results>]>([
      ['tests', { tests: PASSED }],
      ['a score', { score: { name: 's', value: 9 } }],
      ['fields', { fields: { output: 'x' } }],
    ])('that the outcome of their step contradicts records %s, but no score', (_, found) => {
      const format = found.tests ? {} : { results_format: 'fields' };
      const given = { results_file: 'r', results_outcome: 'failure', ci_meta: 'true', ...format };
      for (const status of ['success', 'failure'] as const) {
        const result = plan(given, { ...found, problems: [OUTCOME] }, status);
        expect(recordingOf(result)).toMatchObject({
          lacksScore: true,
          fallbackError: 'results_outcome: is failure',
        });
        expect(recordingOf(result).fields.score).toBeUndefined();
        expect([Boolean(result.failure), result.warnings.length]).toEqual(
          status === 'success' ? [true, 0] : [false, 1],
        );
      }
    });

    test.each<[string, Record<string, string>, Partial<Results>]>([
      ['nothing could be read', {}, { problems: [BAD] }],
      ['an input is bad too', { score: 'high' }, { tests: TESTS, problems: [BAD] }],
      [
        'meta_file is bad too',
        {},
        { tests: TESTS, problems: [BAD, { name: 'meta_file', message: 'x', isFromFile: true }] },
      ],
    ])('throws if %s', (_, given, found) => {
      expect(problemsOf(() => plan({ ...inputs, ...given }, found))).toContain('results_file');
    });
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['missing results', { results_file: 'r.xml' }, true],
    ['results without a file', { results_format: 'junit' }, true],
    ['a missing file with a score pointer', JSON_FILE, true],
    [
      'a missing file with only metrics pointers',
      { results_file: 'r.json', results_format: 'json', metrics_pointer: '/a' },
      false,
    ],
    ['a missing file, but a score is given', { results_file: 'r.xml', score: '9' }, false],
  ])('for a failed job with %s leaves no score behind: %s', (_, given, lacksScore) => {
    const problems = [{ name: 'results_file', message: 'is missing', isFromFile: true }];
    expect(recordingOf(plan(given, { problems }, 'failure')).lacksScore).toBe(lacksScore);
  });

  test('does not empty the score for a fields file without one, nor for a bad meta_file', () => {
    const given = { results_file: 'f.json', results_format: 'fields' };
    expect(recordingOf(plan(given, { fields: { output: 'x' } })).lacksScore).toBe(false);
    const problems = [{ name: 'meta_file', message: 'x', isFromFile: true }];
    expect(recordingOf(plan({ output: 'x' }, { problems }, 'failure')).lacksScore).toBe(false);
  });

  test('for a failed job with too many metrics of the results records those that are given', () => {
    const given = { results_file: 'r.xml', results_metrics: 'true', metrics: manyMetrics(500) };
    const { metrics, warnings } = plan(given, { tests: TESTS }, 'failure');
    expect([metrics.length, warnings]).toEqual([500, [expect.stringMatching(/^results_file: gives 501 /)]]);
  });

  test('judges the gate on the score before it is rounded', () => {
    const gateOf = (given: Record<string, string>, found: Partial<Results> = {}) =>
      plan({ min_score: '80', ...given }, found).gate?.score;
    expect(gateOf({ score: '80' })).toBe(80);
    expect(gateOf({ score: '0.796', score_scale: '100' })).toBe(79.6);
    expect(gateOf({}, { score: { name: 's', value: 0.0796, scale: 1000 } })).toBe(79.6);
    expect(gateOf({ results_file: 'r.xml' }, { tests: { ...TESTS, passed: 299 } })).toBe(99.6666666667);
    expect(gateOf({ min_score: '0.8', results_file: 'r.xml', score_scale: '1' }, { tests: TESTS })).toBe(0.5);
    expect(gateOf({ output: 'x' })).toBeUndefined();
  });

  describe('at the end of a job', () => {
    const tracked = { id: ID, exists: true, sent: [], given: ['span_id', 'min_score', 'base_url'] };
    const end = (
      given: Readonly<Record<string, string>>,
      found: Partial<Results> = {},
      { status = 'failure' as Job['status'], lost = [] as string[] } = {},
    ) => plan({ ci_meta: 'true', ...given }, found, status, { tracked, lost });

    test('is the same if the inputs are good', () => {
      const { fields, ...others } = recordingOf(end({ score: '9', ci_meta: 'false' }));
      const { fields: withoutEnd, ...same } = recordingOf(plan({ score: '9' }, {}, 'failure'));
      expect([fields, others]).toEqual([{ ...withoutEnd, end_time: NOW.toISOString() }, same]);
    });

    test('with bad inputs records what is left, no score of the results, and the reason', () => {
      const result = end(
        { score: 'high', output: 'x', min_score: '80', results_file: 'r.xml', metrics: '{"a": 1}' },
        { tests: TESTS },
        { status: 'success' },
      );
      expect(recordingOf(result)).toMatchObject({
        fields: {
          error: expect.stringMatching(/^score: .*\nb: no$/),
          output: 'x',
          end_time: NOW.toISOString(),
          meta: { 'test.total': 2, 'cicd.pipeline.task.run.result': 'failure' },
        },
        lacksScore: true,
        gate: undefined,
      });
      expect(result).toMatchObject({ inputs: { retries: 3 }, metrics: [{ dimension: 'a' }] });
      expect(String(result.failure)).toMatch(/^InputError: score: /);
    });

    test('with bad inputs and nothing else has the reason as the error of a span without one', () => {
      const { fields, fallbackError, lacksScore } = recordingOf(end({ retries: 'x', ci_meta: 'false' }));
      expect([fields, fallbackError, lacksScore]).toEqual([
        { end_time: NOW.toISOString() },
        expect.stringMatching(/^retries: /),
        false,
      ]);
    });

    test.each([{ base_url: 'x' }, { api_key: 'two\nlines' }])(
      'rejects %j, since nothing can be sent',
      (given) => {
        expect(problemsOf(() => end(given))).toEqual(Object.keys(given));
      },
    );

    test('fails without a score if an input was lost, and names it', () => {
      const result = end({ score: '90', output: 'x' }, {}, { status: 'success', lost: ['min_score'] });
      expect(String(result.failure)).toMatch(/^InputError: min_score: .*is empty at its end/);
      expect(recordingOf(result)).toMatchObject({
        fields: { output: 'x' },
        fallbackError: expect.stringMatching(/^min_score: /),
      });
      expect(recordingOf(result).fields.score).toBeUndefined();
    });

    test('warns about a lost input in a job that failed, since its expression may have become empty', () => {
      const result = end({ score: '90' }, {}, { lost: ['min_score'] });
      expect(result).toMatchObject({ failure: undefined, warnings: [expect.stringMatching(/^min_score: /)] });
      expect(recordingOf(result).fields.score).toBeUndefined();
    });

    test.each(['base_url', 'api_key', 'dry_run'])('sends nothing without %s if that was lost', (name) => {
      expect(problemsOf(() => end({}, {}, { lost: [name, 'name'] }))).toEqual([name]);
    });

    describe('after an unexpected error', () => {
      const closing = (
        given: Readonly<Record<string, string>>,
        stage: Partial<Stage> = {},
        error?: unknown,
      ) =>
        closingPlan(
          error ?? new RangeError('Maximum call stack size exceeded'),
          'Maximum call stack size exceeded',
          readOf(given),
          jobWith('success'),
          {
            now: NOW,
            newId: () => 'new',
            given: [],
            tracked,
            lost: [],
            ...stage,
          },
        );

      test('only ends the span', () => {
        const result = closing({ score: 'high' }) ?? expect.fail('there is no plan');
        expect(recordingOf(result)).toMatchObject({
          fields: { end_time: NOW.toISOString() },
          fallbackError: 'The end of the job was not recorded: Maximum call stack size exceeded',
        });
        expect(result).toMatchObject({
          failure: expect.any(RangeError),
          metrics: [],
          caseSpans: [],
          warnings: [],
        });
      });

      test.each<[string, Record<string, string>, Partial<Stage>?, unknown?]>([
        ['before the end', {}, { tracked: undefined }],
        ['in a dry run', { dry_run: 'true' }],
        ['without a usable key', { api_key: 'two\nlines' }],
        ['if the address was lost', {}, { lost: ['base_url'] }],
        ['if the inputs cannot be used', {}, {}, InputError.of('api_key', 'is empty')],
      ])('does nothing %s', (_, given, stage, error) => {
        expect(closing(given, stage, error)).toBeUndefined();
      });
    });
  });
});
