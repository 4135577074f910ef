import { describe, expect, it } from 'vitest';
import { SPAN_FIELDS } from '../../src/api/span.ts';
import type { Problem } from '../../src/errors.ts';
import { defaultInputs, type Fields, type Inputs, type Read } from '../../src/inputs/inputs.ts';
import {
  accessProblems,
  baselineProblems,
  clearProblems,
  formatProblems,
  gateProblems,
  lostProblems,
  operationProblems,
  resultsProblems,
  resultsScale,
} from '../../src/inputs/rules.ts';
import type { Job } from '../../src/job.ts';

type Given = Partial<Inputs>;
const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

/** The inputs of a workflow; those in `bad` could not be read. */
function readOf(given: Given, ...bad: (keyof Inputs)[]): Read<Given> {
  const values = Object.entries({ ...defaultInputs(), ...given }).filter(
    ([name]) => !bad.some((one) => one === name),
  );
  return { values: Object.fromEntries(values), problems: bad.map((name) => ({ name, message: 'is bad' })) };
}
const named = (problems: readonly Problem[]) => problems.map(({ name }) => name);

describe('the key and the span', () => {
  const job = (withholdsSecrets = false) => ({ withholdsSecrets }) as Job;
  const both: Given = { span_id: ID, api_key: 'op-1' };

  it.each<[string[], Read<Given>, Job]>([
    [[], readOf(both), job()],
    [['api_key', 'span_id'], readOf({}), job()],
    [['api_key', 'span_id'], readOf({ operation: 'get' }), job()],
    [['api_key'], readOf({ operation: 'create' }), job()],
    [['api_key'], readOf({ operation: 'track' }), job()],
    [['span_id'], readOf({ dry_run: true }), job()],
    // A run without secrets has no span either.
    [[], readOf({}), job(true)],
    [['span_id'], readOf({ api_key: 'op-1' }), job(true)],
    // A bad input has already been reported.
    [[], readOf({}, 'api_key', 'span_id'), job()],
    [['span_id'], readOf({}, 'dry_run'), job()],
    [['api_key'], readOf({}, 'operation'), job()],
  ])('are missing as %j for %j', (names, read, job) => {
    expect(named(accessProblems(read, job))).toEqual(names);
  });

  it('have an error that names the variable and how to pass a secret', () => {
    expect(accessProblems(readOf({}), job())[0]?.message).toMatch(
      /\$\{\{ secrets\.OPPER_API_KEY }}.*OPPER_API_KEY/,
    );
  });
});

describe('an operation', () => {
  it.each<[string[], Given, (keyof Inputs)?]>([
    [[], { span_id: ID, score: 9 }],
    [[], { operation: 'get', span_id: ID, min_score: 80, job_status: 'failure' }],
    [[], { operation: 'create', score: 9, parent_id: ID, trace_id: ID }],
    [['span_id'], { operation: 'create', span_id: ID }],
    [[], { operation: 'track', parent_id: ID, trace_id: ID }],
    [[], { operation: 'track', span_id: ID }],
    [['parent_id', 'trace_id'], { operation: 'track', span_id: ID, parent_id: ID, trace_id: ID }],
    [['parent_id', 'trace_id'], { parent_id: ID, trace_id: ID }],
    [['trace_id'], { operation: 'get', trace_id: ID }],
    [[], { parent_id: ID, trace_id: ID }, 'operation'],
  ])('reports %j for %j', (names, given, ...bad) => {
    expect(named(operationProblems(readOf(given, ...(bad as []))))).toEqual(names);
  });

  it('that only reads rejects everything to record, by name', () => {
    const recorded = [
      ...SPAN_FIELDS,
      'score_scale',
      'clear',
      'meta_file',
      'metrics',
      'results_file',
    ] as const;
    for (const name of recorded) {
      const read = { values: { operation: 'get', [name]: 'x' }, problems: [] } as unknown as Read<Given>;
      expect(operationProblems(read)).toEqual([
        { name: 'operation', message: expect.stringMatching(new RegExp(`get .* ${name}\\.`)) },
      ]);
    }
  });
});

it.each<[string[], Given, (keyof Inputs)?]>([
  [[], {}],
  [[], { results_file: ['r'], results_metrics: true, case_spans: 'all' }],
  [[], { results_file: ['r'], results_format: 'json', score_pointer: '/a' }],
  [[], { results_file: ['r'], results_format: 'fields' }],
  [['score_pointer'], { results_file: ['r'], results_format: 'json' }],
  [[], { results_format: 'json' }],
  [[], { results_file: ['r'], results_format: 'json' }, 'score_pointer'],
  [['score_pointer'], { results_file: ['r'], results_format: 'json' }, 'retries'],
  [[], { results_file: ['r'], results_format: 'json', metrics_pointer: ['/a'] }],
  [[], { results_file: ['r'], results_format: 'json' }, 'metrics_pointer'],
  [['score_pointer', 'metrics_pointer'], { score_pointer: '/a', metrics_pointer: ['/b'] }],
  [['score_pointer'], { results_file: ['r'], score_pointer: '/a' }],
  [['score_pointer'], { results_format: 'fields', score_pointer: '/a' }],
  [[], { score_pointer: '/a', case_spans: 'all', results_metrics: true }, 'results_format'],
  [['results_format'], { results_format: 'fields', results_metrics: true }],
  [['results_format'], { results_format: 'json', case_spans: 'failed' }],
])('a format reports %j for %j', (names, given, ...bad) => {
  expect(named(formatProblems(readOf(given, ...(bad as []))))).toEqual(names);
});

it.each<[string, () => Problem[]]>([
  ['UUID of the span', () => accessProblems(readOf({ api_key: 'op-1' }), {} as Job)],
  ['use update', () => operationProblems(readOf({ operation: 'create', span_id: ID }))],
  ['create, or track', () => operationProblems(readOf({ parent_id: ID }))],
  [
    'given: score, meta_file',
    () => operationProblems(readOf({ operation: 'get', score: 9, meta_file: 'm' })),
  ],
  ['such as /summary', () => formatProblems(readOf({ results_file: ['r'], results_format: 'json' }))],
  ['results_format json', () => formatProblems(readOf({ score_pointer: '/a' }))],
  [
    'is fields, which has no test cases, but they are required by results_metrics, case_spans',
    () => formatProblems(readOf({ results_format: 'fields', results_metrics: true, case_spans: 'all' })),
  ],
  ['score_pointer, case_spans', () => resultsProblems(readOf({ score_pointer: '/a', case_spans: 'all' }))],
  ['Set score or results_file', () => resultsProblems(readOf({ score_scale: 100 }))],
])('a problem says: %s', (words, problemsOf) => {
  expect(problemsOf().map(({ message }) => message)).toEqual([expect.stringContaining(words)]);
});

describe('results without a file', () => {
  it.each<[string, Given]>([
    ['results_format', { results_format: 'json' }],
    ['results_format', { results_format: 'fields' }],
    ['results_format', { results_format: 'junit' }],
    ['score_pointer', { score_pointer: '/a' }],
    ['metrics_pointer', { metrics_pointer: ['/a'] }],
    ['results_metrics', { results_metrics: true }],
    ['case_spans', { case_spans: 'failed' }],
  ])('are an error that names %s', (name, given) => {
    expect(resultsProblems(readOf(given))).toEqual([
      { name: 'results_file', message: expect.stringContaining(name) },
    ]);
    expect(resultsProblems(readOf({ ...given, results_file: ['r'] }))).toEqual([]);
  });

  it('are fine in an ordinary step, and in one with a bad format', () => {
    expect(resultsProblems(readOf(defaultInputs()))).toEqual([]);
    expect(resultsProblems(readOf({}, 'results_format', 'case_spans'))).toEqual([]);
  });
});

it.each<[string[], Given, (keyof Inputs)?]>([
  [['score'], { score_scale: 100 }],
  [['results_file'], { score_scale: 100, score_pointer: '/a' }],
  [[], { score_scale: 100, score: 0.87 }],
  [[], { score_scale: 100 }, 'score'],
  [['score'], { score_scale: 100 }, 'retries'],
  [[], { score_scale: 100, results_file: ['r'] }],
  [[], { score_scale: 100, operation: 'get' }],
])('a scale reports that %j is missing from %j', (names, given, ...bad) => {
  expect(named(resultsProblems(readOf(given, ...(bad as []))))).toEqual(names);
});

it('an input that is lost on the way to the end of the job is a problem', () => {
  expect(lostProblems(['name', 'score'])).toEqual(
    ['name', 'score'].map((name) => ({ name, message: expect.stringMatching(/ is empty at its end\. /) })),
  );
});

it.each<[string | undefined, Given]>([
  [undefined, { score: 9, meta: {} }],
  [undefined, { clear: ['meta'], score: 9 }],
  ['score, error.', { clear: ['type', 'score', 'error'], score: 0, error: 'No' }],
  ['meta.', { clear: ['meta'], meta: {} }],
  ['meta.', { clear: ['meta'], meta_file: 'm.json' }],
  ['new span', { clear: ['meta'], operation: 'create' }],
])('clear reports %j for %j', (fragment, given) => {
  const problem = { name: 'clear', message: expect.stringContaining(fragment ?? ''), isFromFile: false };
  expect(clearProblems(given, {})).toEqual(fragment === undefined ? [] : [problem]);
});

it.each<[boolean, Given, Fields]>([
  [true, {}, { clear: ['type'], type: 'x' }],
  [true, { clear: ['type'] }, { type: 'x' }],
  [true, { type: 'x' }, { clear: ['type'] }],
  [false, { clear: ['type'], type: 'x' }, { type: 'y' }],
  [false, { clear: ['type', 'output'], type: 'x' }, { output: 'y' }],
  [true, { operation: 'create' }, { clear: ['type'] }],
  [false, { operation: 'create', clear: ['type'] }, { clear: ['error'] }],
])(
  'a contradiction comes from a file: %s, for the inputs %j and the file %j',
  (isFromFile, given, fromFile) => {
    const problem = { name: 'clear', message: expect.any(String), isFromFile };
    expect(clearProblems(given, fromFile)).toEqual([problem]);
  },
);

it.each<[boolean, Given]>([
  [false, { max_drop: 2, baseline: 'main' }],
  [false, { baseline: 'main' }],
  [true, { max_drop: 0 }],
])('max_drop without a baseline is a problem: %s for %j', (isProblem, given) => {
  const message = expect.stringContaining('${{ github.base_ref || github.ref_name }}');
  expect(baselineProblems(readOf(given))).toEqual(isProblem ? [{ name: 'max_drop', message }] : []);
});

it.each<[number | undefined, number | undefined, string | undefined]>([
  [0.8, 100, '80'],
  [0.285, 100, '28.5'],
  [0.5, 1.5, '0.75'],
  [0.8, 1, undefined],
  [0.8, undefined, '80'],
  [undefined, 100, undefined],
  [0, 100, undefined],
  [1, 100, '100'],
  [1, 1000, '1000'],
  [1, 99, undefined],
  [1, undefined, undefined],
  [0.8, 0.5, undefined],
  [-0.5, 100, undefined],
  [80, 100, undefined],
])('a gate of %s with a score scaled by %s suggests %s', (minScore, scale, meant) => {
  const message = expect.stringMatching(
    new RegExp(`${minScore} .*${scale ?? 'an integer'}.* Write ${meant}$`),
  );
  expect(gateProblems(minScore, scale)).toEqual(meant === undefined ? [] : [{ name: 'min_score', message }]);
});

it.each<[number | undefined, Given]>([
  [undefined, {}],
  [100, { results_file: ['r'] }],
  [100, { results_file: ['r'], results_format: 'junit' }],
  [5, { results_file: ['r'], score_scale: 5 }],
  [5, { results_file: ['r'], results_format: 'json', score_scale: 5 }],
  [undefined, { results_file: ['r'], results_format: 'json' }],
  [undefined, { results_file: ['r'], results_format: 'fields' }],
  [5, { score_scale: 5 }],
])('the scale is %s for %j', (scale, given) => {
  expect(resultsScale(given)).toBe(scale);
});
