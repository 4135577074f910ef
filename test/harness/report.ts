import type { Comparison } from '../../src/comparison/comparison.ts';
import type { Report } from '../../src/report/report.ts';
import type { TestRun } from '../../src/results/tests.ts';

export const SPAN_ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
export const RUN_URL = 'https://github.com/acme/support-bot/actions/runs/17';

/** A report of an update that recorded a score, with the given overrides. */
export function reportOf(overrides: Partial<Report> = {}): Report {
  const before = { id: SPAN_ID, name: 'Answer support tickets', score: null };
  return {
    outcome: 'updated',
    jobStatus: 'success',
    spanId: SPAN_ID,
    span: { ...before, score: 87 },
    before,
    sent: { score: 87 },
    changed: ['score'],
    requests: 2,
    status: 200,
    elapsedMs: 310,
    findings: [],
    gates: [],
    tests: undefined,
    files: [],
    metrics: undefined,
    caseSpans: undefined,
    comparison: undefined,
    links: {},
    dryRun: [],
    ...overrides,
  };
}

/** A comparison with a run on main that had the score 80, with the given overrides. */
export function comparisonOf(overrides: Partial<Comparison> = {}): Comparison {
  return {
    trace_id: '123e4567-e89b-12d3-a456-426614174000',
    branch: 'main',
    score: 80,
    score_change: -18,
    metrics: {},
    ...overrides,
  };
}

/** A JUnit run of 40 cases of which two failed and one errored, with the given overrides. */
export function testsOf(overrides: Partial<TestRun> = {}): TestRun {
  return {
    format: 'junit',
    files: ['junit.xml'],
    passed: 36,
    failed: 2,
    errored: 1,
    skipped: 1,
    durationMs: 3250,
    failures: [
      { name: 'cart > adds two', message: 'expected 3, got 4' },
      { name: 'cart > is empty', message: '' },
    ],
    meta: {},
    metrics: {},
    cases: [],
    casesWanted: 0,
    ...overrides,
  };
}
