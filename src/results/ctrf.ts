import type { Json, JsonObject } from '../json.ts';
import { present } from '../present.ts';
import type { OnCase } from './cases.ts';
import { totalOf } from './declared.ts';
import { isExpectedFailure, isHash } from './facts.ts';
import type { JsonFormat } from './format.ts';
import { arrayAt, arrayIn, numberIn, objectAt, objectIn, oneAt, sumOf, textIn } from './shape.ts';
import { caseStatusOf } from './status.ts';

const STATUSES = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  pending: 'skipped',
  // Any other result must not count as a pass.
  other: 'errored',
} as const;

/** Common Test Report Format, https://ctrf.io: `results.tests[]`, times in milliseconds. */
export const ctrf: JsonFormat = {
  name: 'ctrf',

  recognises: (document) => Array.isArray(objectIn(objectIn(document).results).tests),

  read(document, onCase) {
    const results = objectAt('results', objectAt('the document', document).results);
    const counts = { failed: 0, other: 0, expected: 0 };
    const durations = arrayAt('results.tests', results.tests).map((value, index) => {
      const test = objectAt(`results.tests[${index}]`, value);
      const duration = numberIn(test.duration);
      if (test.status === 'failed') counts.failed++;
      if (test.status === 'other') counts.other++;
      if (isExpectedFailure(test)) counts.expected++;
      // Reporters use `other` for tests that did not run; `rawStatus` is the tool's own word.
      const isUnrun = test.status === 'other' && caseStatusOf(textIn(test.rawStatus)) === 'skipped';
      onCase({
        status: isUnrun ? 'skipped' : oneAt(`results.tests[${index}].status`, test.status, STATUSES),
        details: () => ({
          suites: suitesIn(test.suite),
          name: textIn(test.name),
          why: { message: textIn(test.message), body: textIn(test.trace) },
          file: textIn(test.filePath),
          durationMs: duration,
          startMs: numberIn(test.start),
          endMs: numberIn(test.stop),
        }),
      });
      return duration;
    });
    const summary = objectIn(results.summary);
    // CTRF defines its summary, so each failure that it counts is real, whether a case shows it or not.
    const other = totalOf(summary.other) ?? 0;
    const failed = totalOf(summary.failed) ?? 0;
    const shown = counts.failed + Math.max(0, counts.other - other);
    const hidden = failed - shown - counts.expected;
    reportHidden(`summary.failed is ${failed}, and ${shown} of the tests failed`, hidden, onCase);
    const reasons = errorsIn(results);
    const message = `summary.other is ${other}, and ${counts.other} of the tests have this status`;
    reportHidden(reasons[0] ?? message, other - counts.other, onCase);
    return { durationMs: sumOf(durations), declared: {} };
  },
};

function reportHidden(message: string, count: number, onCase: OnCase): void {
  if (count <= 0) return;
  onCase({ status: 'errored', count, details: () => ({ name: 'outside of the tests', why: { message } }) });
}

/** One name or, since version 1, the names of the suites, outermost first. */
function suitesIn(suite: Json | undefined): string[] {
  return (Array.isArray(suite) ? suite.map(textIn) : [textIn(suite)]).filter((name) => !isHash(name));
}

/** What xUnit.net v3 says about errors outside of the tests. */
function errorsIn(results: JsonObject): string[] {
  const suites = arrayIn(objectIn(results.extra).suites).map(objectIn);
  const errors = suites.flatMap(({ errors }) => arrayIn(errors)).map(objectIn);
  return errors.map(({ name, message }) => present([textIn(name), textIn(message)]).join(': '));
}
