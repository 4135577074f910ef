import type { Report } from '../../src/report/report.ts';

/** A report of an update that recorded a score, with whatever a test is about in its place. */
export function reportOf(overrides: Partial<Report> = {}): Report {
  const before = { id: SPAN_ID, name: 'Answer support tickets', score: null };
  return {
    outcome: 'updated',
    spanId: SPAN_ID,
    span: { ...before, score: 87 },
    before,
    patch: { score: 87 },
    changed: ['score'],
    requests: 2,
    status: 200,
    elapsedMs: 310,
    findings: [],
    gate: undefined,
    tests: undefined,
    links: {},
    dryRun: undefined,
    ...overrides,
  };
}

export const SPAN_ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
