import { isJsonObject } from '../json.ts';
import {
  arrayAt,
  failureOf,
  nameWithin,
  numberOf,
  objectAt,
  oneAt,
  sumOf,
  type TestFormat,
  textOf,
} from './format.ts';

const OUTCOMES = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  pending: 'skipped',
  // A result that is none of the rest: nothing that could count as a pass.
  other: 'errored',
} as const;
// What reporters file under `other` though it did not run; `rawStatus` is the tool's own word.
const NOT_RUN = ['todo', 'skip', 'skipped', 'pending', 'disabled', 'ignored'];

/** Common Test Report Format, https://ctrf.io: `results.tests[]`, durations in milliseconds. */
export const ctrf: TestFormat = {
  name: 'ctrf',

  async recognises(source) {
    if (source.start !== '{') return false;
    const document = await source.readJson();
    return isJsonObject(document) && isJsonObject(document.results) && Array.isArray(document.results.tests);
  },

  async parse(source, found) {
    const { results } = objectAt('the document', await source.readJson());
    const tests = arrayAt('results.tests', objectAt('results', results).tests);
    const durations = tests.map((value, index) => {
      const test = objectAt(`results.tests[${index}]`, value);
      // One name, or since version 1 the names of the suites from the outside in.
      const suites = Array.isArray(test.suite) ? test.suite.map(textOf) : [textOf(test.suite)];
      found({
        outcome:
          test.status === 'other' && NOT_RUN.includes(textOf(test.rawStatus).toLowerCase())
            ? 'skipped'
            : oneAt(`results.tests[${index}].status`, test.status, OUTCOMES),
        describe: () =>
          failureOf(nameWithin(suites, textOf(test.name)), {
            message: textOf(test.message),
            body: textOf(test.trace),
          }),
      });
      return numberOf(test.duration);
    });
    return sumOf(durations);
  },
};
