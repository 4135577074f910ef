import { isJsonObject } from '../json.ts';
import type { JsonFormat } from './format.ts';
import { arrayAt, numberIn, objectAt, objectIn, oneAt, sumOf, textIn } from './shape.ts';
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

  recognises: (document) => isJsonObject(document) && Array.isArray(objectIn(document.results).tests),

  read(document, onCase) {
    const results = objectAt('results', objectAt('the document', document).results);
    const durations = arrayAt('results.tests', results.tests).map((value, index) => {
      const test = objectAt(`results.tests[${index}]`, value);
      const duration = numberIn(test.duration);
      // Reporters use `other` for tests that did not run; `rawStatus` is the tool's own word.
      const isUnrun = test.status === 'other' && caseStatusOf(textIn(test.rawStatus)) === 'skipped';
      onCase({
        status: isUnrun ? 'skipped' : oneAt(`results.tests[${index}].status`, test.status, STATUSES),
        details: () => ({
          // One name or, since version 1, the names of the suites, outermost first.
          suites: Array.isArray(test.suite) ? test.suite.map(textIn) : [textIn(test.suite)],
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
    const failed = numberIn(summary.failed);
    return {
      durationMs: sumOf(durations),
      totals: { tests: numberIn(summary.tests), failed },
      failure: failed ? `failed: ${failed}` : undefined,
    };
  },
};
