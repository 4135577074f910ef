import { describe, expect, test } from 'vitest';
import { logOf } from '../../src/report/log.ts';
import type { Report } from '../../src/report/report.ts';
import { comparisonOf, RUN_URL, reportOf, SPAN_ID, testsOf } from '../harness/report.ts';

const NOTHING: Partial<Report> = { before: undefined, sent: undefined, changed: undefined };

describe('the log', () => {
  test('has the span, its changes, the results with a line for each failure, metrics, case spans and the gate', () => {
    const report = reportOf({
      before: { id: SPAN_ID, name: 'n', score: 62 },
      tests: testsOf(),
      metrics: { pass_rate: 0.923, cost: 0.02 },
      caseSpans: { created: 2, of: 3 },
      gates: [{ isPassed: true, text: 'score 87 reaches min_score 80' }],
    });
    expect(logOf(report)).toEqual([
      `Span ${SPAN_ID} "Answer support tickets": updated (2 requests, 0.31 s)`,
      '  score: 62 → 87',
      'Results: 40 tests, 92.3 % passed: 36 passed, 2 failed, 1 errored, 1 skipped, in 3.25 s (junit), from junit.xml',
      '  ✗ cart > adds two: expected 3, got 4',
      '  ✗ cart > is empty',
      '  and 1 more',
      'Metrics: pass_rate 0.923, cost 0.02',
      'Case spans: 2 of 3 created',
      'Gate: score 87 reaches min_score 80',
    ]);
  });

  test('shows how the run compares, and which failures are new', () => {
    const comparison = comparisonOf({
      revision: 'x',
      run_url: RUN_URL,
      start_time: '2026-11-20T11:59:30Z',
      metrics: { accuracy: { before: 0.9, after: 0.85 } },
      newly_failed: ['cart > is empty'],
      no_longer_failing: ['cart > ships', 'cart > pays'],
    });
    const span = { id: SPAN_ID, name: 'n', score: 62, start_time: '2026-11-20T12:00:00Z' };
    const [, ...lines] = logOf(reportOf({ span, changed: [], comparison, tests: testsOf() }));
    expect(lines).toEqual([
      '  no field changed: the span already had these values',
      `Compared with main: score 80 → 62 (−18); commit x, 30 seconds earlier, ${RUN_URL}`,
      '  accuracy: 0.9 → 0.85 (−0.05)',
      '  no longer failing: cart > ships, cart > pays',
      expect.stringMatching(/^Results: /),
      '  ✗ new: cart > is empty',
      '  ✗ cart > adds two: expected 3, got 4',
      '  and 1 more',
    ]);
    const [bare] = logOf(reportOf({ comparison: comparisonOf({ score_change: 3 }) })).slice(2);
    expect(bare).toBe('Compared with main: score 80 → 83 (+3)');
  });

  const SHA = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
  const [THEN, START] = ['2026-11-20T11:59:59Z', '2026-11-20T12:00:00Z'];
  test.each([
    ['; commit 6dcb09b', { revision: SHA }, START],
    ['; commit 6dcb09b', { revision: SHA.padEnd(64, '0') }, START],
    [`; commit x${SHA}`, { revision: `x${SHA}` }, START],
    [`; commit ${SHA}x`, { revision: `${SHA}x` }, START],
    [`; commit ${SHA.slice(1)}`, { revision: SHA.slice(1) }, START],
    ['; 1 second earlier', { start_time: THEN }, START],
    ['', { start_time: START }, START],
    ['', { start_time: THEN }, undefined],
    ['', { start_time: 'unknown' }, START],
    ['', {}, START],
  ])('says where the baseline comes from as %j: %j', (origin, baseline, start_time) => {
    const span = { id: SPAN_ID, name: 'n', score: 62, ...(start_time && { start_time }) };
    const lines = logOf(reportOf({ span, changed: [], comparison: comparisonOf(baseline) }));
    expect(lines.slice(2)).toEqual([`Compared with main: score 80 → 62 (−18)${origin}`]);
  });

  test('cuts a long branch, commit, metric and name of the baseline, and lists 20 names', () => {
    const long = 'x'.repeat(300);
    const comparison = comparisonOf({
      branch: long,
      revision: long,
      metrics: { [long]: { before: 1, after: 2 } },
      no_longer_failing: Array(21).fill(long),
    });
    const cut = (length: number) => `${'x'.repeat(length - 1)}…`;
    expect(logOf(reportOf({ changed: [], comparison })).slice(2)).toEqual([
      `Compared with ${cut(200)}: score 80 → 62 (−18); commit ${cut(100)}`,
      `  ${cut(200)}: 1 → 2 (+1)`,
      `  no longer failing: ${Array(20).fill(cut(200)).join(', ')}, and 1 more`,
    ]);
  });

  test('cuts a long failure and body, and lists fifty failures, metrics and requests', () => {
    const long = 'x'.repeat(30_000);
    const failures = Array.from({ length: 51 }, () => ({ name: 'a', message: long }));
    const report = reportOf({
      changed: [],
      tests: testsOf({ failed: 51, errored: 0, failures }),
      metrics: Object.fromEntries(failures.map((_, i) => [`m${i}`, 1])),
      dryRun: failures.map(() => ({ method: 'POST', url: 'u', body: long })),
    });
    const fifty = (text: string) => [...Array(50).fill(text), 'and 1 more'];
    expect(logOf(report).slice(3)).toEqual([
      ...fifty(`✗ a: ${'x'.repeat(1996)}…`).map((line) => `  ${line}`),
      expect.stringMatching(/^Metrics: m0 1, .*, m49 1, and 1 more$/),
      ...fifty(`Not sent: POST u "${'x'.repeat(19_998)}…`),
    ]);
  });

  test('names the files without test cases', () => {
    expect(logOf(reportOf({ files: ['a.json', 'b.json'] })).at(-1)).toBe('Results: from a.json, b.json');
  });

  test('leaves a missed gate to its annotation', () => {
    const [first, ...rest] = logOf(
      reportOf({ gates: [{ isPassed: false, text: 'score 87 is below min_score 90' }], requests: 1 }),
    );
    expect(first).toContain('(1 request, 0.31 s)');
    expect(rest).toEqual(['  score: 87']);
  });

  test('says that nothing changed', () => {
    expect(logOf(reportOf({ changed: [] }))[1]).toBe('  no field changed: the span already had these values');
  });

  test('has no heading above values that were read', () => {
    const span = { id: SPAN_ID, name: 'n', score: 87, feedback: { score: 0.5, comment: 'So so' } };
    expect(logOf(reportOf({ ...NOTHING, outcome: 'read', span }))).toEqual([
      `Span ${SPAN_ID} "n": read (2 requests, 0.31 s)`,
      '  score: 87',
      '  name: n',
      '  human feedback: 0.5: So so',
    ]);
  });

  test('of a dry run cuts values, but shows the requests with their bodies', () => {
    const sent = { output: 'x'.repeat(10_000) };
    const url = 'https://api.opper.ai/v2/spans/x';
    const dryRun = [
      { method: 'GET', url },
      { method: 'PATCH', url, body: sent },
    ];
    const span = { id: SPAN_ID, ...sent };
    expect(logOf(reportOf({ ...NOTHING, outcome: 'dry-run', span, sent, requests: 0, dryRun }))).toEqual([
      `Span ${SPAN_ID}: dry-run (nothing sent)`,
      'Would be recorded:',
      `  output: ${'x'.repeat(199)}…`,
      `Not sent: GET ${url}`,
      `Not sent: PATCH ${url} ${JSON.stringify(sent)}`,
    ]);
  });

  test('of bad input is one line', () => {
    const report = reportOf({ ...NOTHING, outcome: 'failed', span: {}, requests: 0 });
    expect(logOf(report)).toEqual([`Span ${SPAN_ID}: failed (nothing sent)`]);
    expect(logOf({ ...report, spanId: undefined })).toEqual(['Span: failed (nothing sent)']);
  });

  test.each([
    [
      { passed: 99_999, failed: 1 },
      'Results: 100000 tests, 99.9 % passed: 99999 passed, 1 failed (junit), from junit.xml',
    ],
    [
      { passed: 1, failed: 99_999 },
      'Results: 100000 tests, 0.1 % passed: 1 passed, 99999 failed (junit), from junit.xml',
    ],
    [{ passed: 0, failed: 1 }, 'Results: 1 test, 0 % passed: 1 failed (junit), from junit.xml'],
    [{ passed: 1, failed: 0 }, 'Results: 1 test, 100 % passed: 1 passed (junit), from junit.xml'],
  ])('never rounds off a failure or a pass: %j', (counts, line) => {
    const tests = testsOf({ ...counts, errored: 0, skipped: 0, durationMs: undefined, failures: [] });
    expect(logOf(reportOf({ tests }))[2]).toBe(line);
  });

  test.each([
    [0.9310344827586207, '0.931'],
    [-0.00012345, '-0.000123'],
    [0, '0'],
    [1, '1'],
    [2.34567, '2.346'],
    [340.5, '340.5'],
    [-12_345.6, '-12345.6'],
    [123_456_789, '123456789'],
  ])('shows the metric %d as %s: only decimals are cut', (cost, shown) => {
    expect(logOf(reportOf({ metrics: { cost } }))).toContain(`Metrics: cost ${shown}`);
  });

  test.each<[Partial<Report>, string]>([
    [{ outcome: 'created', span: { id: 's', parent_id: 'p', trace_id: 't' } }, 'Span s under p: created '],
    [{ outcome: 'created', span: { id: 's', parent_id: null, trace_id: 't' } }, 'Span s (root span): '],
    [{ outcome: 'tracking', span: { id: 's', trace_id: 't' } }, 'Span s (root span): tracking '],
    [{ outcome: 'tracking', span: { id: 's' } }, 'Span s: tracking '],
    [{ outcome: 'updated', span: { id: 's', parent_id: 'p', trace_id: 't' } }, 'Span s under p: updated '],
    [{ outcome: 'updated', span: { id: 's', trace_id: 't' } }, 'Span s: updated '],
  ])('names the parent, or says that a new span is a root span: %j', (overrides, beginning) => {
    expect(logOf(reportOf(overrides))[0]?.startsWith(beginning)).toBe(true);
  });
});
