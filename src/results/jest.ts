import type { JsonObject } from '../json.ts';
import { present } from '../present.ts';
import type { CaseDetails, Measured, OnCase } from './cases.ts';
import { totalOf } from './declared.ts';
import type { JsonFormat } from './format.ts';
import { arrayAt, arrayIn, numberIn, objectAt, objectIn, oneAt, outputIn, sumOf, textIn } from './shape.ts';

const STATUSES = {
  passed: 'passed',
  failed: 'failed',
  // For a file that did not load.
  error: 'errored',
  pending: 'skipped',
  skipped: 'skipped',
  todo: 'skipped',
  disabled: 'skipped',
} as const;

/** What `jest --json` and Vitest's `json` reporter write: `testResults[].assertionResults[]`, times in milliseconds. */
export const jest: JsonFormat = {
  name: 'jest',

  recognises: (document) => Array.isArray(objectIn(document).testResults),

  read(value, onCase) {
    const document = objectAt('the document', value);
    const files = arrayAt('testResults', document.testResults).map((file, i) =>
      objectAt(`testResults[${i}]`, file),
    );
    const folder = commonFolderOf(files.map(({ name }) => textIn(name)));
    // Not all of these are in the totals, which count tests.
    let errored = 0;
    const durations = files.map((file, i) =>
      readFile(file, `testResults[${i}]`, folder, (found) => {
        if (found.status === 'errored') errored++;
        onCase(found);
      }),
    );
    const failed = totalOf(document.numFailedTests);
    const failedFiles = totalOf(document.numFailedTestSuites) ?? 0;
    const verdicts = [
      document.success === false && 'success: false',
      failedFiles > 0 && `numFailedTestSuites: ${failedFiles}`,
    ];
    return {
      durationMs: sumOf(durations),
      declared: { failed, totals: `numFailedTests: ${failed}`, verdict: present(verdicts)[0] },
      fewer: errored,
      isEmptyOnPurpose: document.success === true,
    };
  },
};

function readFile(file: JsonObject, place: string, folder: string, onCase: OnCase): number | undefined {
  const path = textIn(file.name);
  const shortPath = path.slice(folder.length);
  const statuses = new Set<string>();
  const durations = arrayAt(`${place}.assertionResults`, file.assertionResults).map((value, i) => {
    const test = objectAt(`${place}.assertionResults[${i}]`, value);
    const status = oneAt(`${place}.assertionResults[${i}].status`, test.status, STATUSES);
    statuses.add(status);
    const details = () => ({ ...detailsOf(test, shortPath), file: path });
    onCase({ status, details, measured: measuredIn(test) });
    return numberIn(test.duration);
  });
  // If a file did not load, or a hook outside of all tests failed, only the file's own status says so.
  if (file.status === 'failed' && !statuses.has('failed') && !statuses.has('errored')) {
    onCase({
      status: 'errored',
      details: () => ({
        name: shortPath,
        why: { message: textIn(file.message) },
        file: path,
        startMs: numberIn(file.startTime),
        endMs: numberIn(file.endTime),
      }),
    });
  }
  return sumOf(durations);
}

/** A file that did not load may be a case without a name. */
function detailsOf(test: JsonObject, path: string): CaseDetails {
  const { ancestorTitles, title, fullName, failureMessages } = test;
  return {
    ...(typeof title === 'string'
      ? { suites: arrayIn(ancestorTitles).map(textIn), name: title }
      : { name: textIn(fullName) || path }),
    why: { message: arrayIn(failureMessages).map(textIn).find(Boolean) ?? '' },
    durationMs: numberIn(test.duration),
    // Since Jest 30. Vitest does not write the start of a case.
    startMs: numberIn(test.startAt),
    score: numberIn(evalIn(test).avgScore),
    ...outputIn(evalIn(test)),
  };
}

/** What vitest-evals adds to a case that did not throw: `scores[{name, score}]`, `avgScore` and `output`. */
function evalIn({ meta }: JsonObject): JsonObject {
  return objectIn(objectIn(meta).eval);
}

function measuredIn(test: JsonObject): Measured {
  const { avgScore, scores } = evalIn(test);
  const scored = arrayIn(scores)
    .map(objectIn)
    .filter(({ score }) => numberIn(score) !== undefined);
  return {
    score: numberIn(avgScore),
    namedScores: Object.fromEntries(scored.map(({ name, score }) => [textIn(name), numberIn(score)])),
  };
}

/** The folder that all files share. Their names are absolute paths, so it is left out of case names. */
function commonFolderOf(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split(/(?<=[\\/])/).slice(0, -1));
  const fork = first.findIndex((part, i) => others.some((other) => other[i] !== part));
  return (fork === -1 ? first : first.slice(0, fork)).join('');
}
