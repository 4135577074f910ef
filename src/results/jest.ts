import { isJsonObject, type Json, type JsonObject } from '../json.ts';
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
  pending: 'skipped',
  skipped: 'skipped',
  todo: 'skipped',
  disabled: 'skipped',
} as const;

/** What `jest --json` and Vitest's `json` reporter write: `testResults[].assertionResults[]`, durations in milliseconds. */
export const jest: TestFormat = {
  name: 'jest',

  async recognises(source) {
    if (source.start !== '{') return false;
    const document = await source.readJson();
    return isJsonObject(document) && Array.isArray(document.testResults);
  },

  async parse(source, found) {
    const { testResults } = objectAt('the document', await source.readJson());
    const suites = arrayAt('testResults', testResults).map((suite, i) =>
      objectAt(`testResults[${i}]`, suite),
    );
    const folder = commonFolderOf(suites.map(({ name }) => textOf(name)));
    const durations = suites.map((suite, i) => {
      const place = `testResults[${i}].assertionResults`;
      const tests = arrayAt(place, suite.assertionResults).map((test, j) => objectAt(`${place}[${j}]`, test));
      const outcomes = tests.map((test, j) => oneAt(`${place}[${j}].status`, test.status, OUTCOMES));
      tests.forEach((test, j) => {
        found({
          outcome: outcomes[j] ?? 'errored',
          describe: () => failureOf(nameOf(test), { message: firstText(test.failureMessages) }),
        });
      });
      // A file that did not load, or a hook outside of every test: nothing but the suite says so.
      if (suite.status === 'failed' && !outcomes.includes('failed')) {
        const name = textOf(suite.name).slice(folder.length);
        found({ outcome: 'errored', describe: () => failureOf(name, { message: textOf(suite.message) }) });
      }
      return sumOf(tests.map(({ duration }) => numberOf(duration)));
    });
    return sumOf(durations);
  },
};

function nameOf({ ancestorTitles, title, fullName }: JsonObject): string {
  if (typeof title !== 'string') return textOf(fullName);
  return nameWithin(Array.isArray(ancestorTitles) ? ancestorTitles.map(textOf) : [], title);
}

function firstText(messages: Json | undefined): string {
  return Array.isArray(messages) ? textOf(messages.find((message) => textOf(message) !== '')) : '';
}

/** The files are named by their absolute paths; what all have in common says nothing. */
function commonFolderOf(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split(/(?<=[\\/])/).slice(0, -1));
  const fork = first.findIndex((part, i) => others.some((other) => other[i] !== part));
  return (fork === -1 ? first : first.slice(0, fork)).join('');
}
