import { type Problem, problemOf } from '../errors.ts';
import { type Files, openText } from '../files.ts';
import type { Json } from '../json.ts';
import { present } from '../present.ts';
import { counted, listed, quoted } from '../text.ts';
import { staleProblem } from './age.ts';
import type { OnCase } from './cases.ts';
import { ctrf } from './ctrf.ts';
import { hiddenCase, hiddenFailure, isContradicted, type Shown } from './declared.ts';
import { NoResultsError, otherText } from './documents.ts';
import type { FileSummary, JsonFormat } from './format.ts';
import { jest } from './jest.ts';
import { readJson, readLines } from './json-file.ts';
import { readJunit } from './junit.ts';
import { isResult, promptfoo, readResultLines } from './promptfoo.ts';
import type { Results } from './results.ts';
import { sumOf } from './shape.ts';
import { type KeepCases, Tally } from './tally.ts';
import { failingCount, type TestRun } from './tests.ts';

const JSON_FORMATS: readonly JsonFormat[] = [ctrf, promptfoo, jest];
const KNOWN = ['junit', ...JSON_FORMATS.map(({ name }) => name)].join(', ');
const MAX_WARNINGS = 10;

/** How to read files of a test format. */
export interface TestsRequest {
  /** The name of a format, or `auto`. */
  readonly format: string;
  readonly keepCases: KeepCases;
  /** How the step that wrote the results ended. After a success, a file without a case may be left out beside others. */
  readonly outcome?: 'success' | 'failure' | 'cancelled' | 'skipped' | undefined;
  /** When the job began, in Unix milliseconds, if known. A file from before it was left over. */
  readonly jobBeganMs?: number | undefined;
}

/** What one file holds. */
interface ReadFile {
  readonly path: string;
  readonly format: string;
  readonly tally: Tally;
  readonly durationMs: number | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads every file in the given test format, or with `auto` each in its own. A file that cannot be read to its end, has no case
 * or is from before the job is a problem, and none of its cases counts; the others do. Beside a case that ran, a file that is
 * known not to be results is left out with a warning. It is a problem if every case was skipped.
 */
export async function readTests(
  request: TestsRequest,
  paths: readonly string[],
  files: Files,
  now: Date,
): Promise<Results> {
  const tally = new Tally(request.keepCases);
  const read: ReadFile[] = [];
  const problems: Problem[] = [];
  const leftOut: { readonly path: string; readonly error: NoResultsError }[] = [];
  for (const path of paths) {
    try {
      const file = await readFile(request, path, files);
      const stale = staleProblem(path, request, files, now);
      if (stale) throw stale;
      tally.merge(file.tally);
      read.push(file);
    } catch (error) {
      if (error instanceof NoResultsError && error.isHarmless) leftOut.push({ path, error });
      else problems.push(badFile(path, staleProblem(path, request, files, now) ?? error, paths));
    }
  }
  if (tally.ran === 0) {
    const skipped = read.map(({ path }) => path);
    const message = `${listed(skipped)}: every case was skipped, so nothing ran`;
    if (skipped.length > 0) problems.push({ name: 'results_file', message });
    else problems.push(...leftOut.map(({ path, error }) => badFile(path, error, paths)));
    return { problems };
  }
  const warnings = [
    ...leftOut.map(({ path, error }) => `${path} ${error.reason}, and is left out`),
    ...read.flatMap((file) => file.warnings),
  ];
  return { tests: testRunOf(read, tally), problems, warnings: limited(warnings) };
}

function testRunOf(read: readonly ReadFile[], tally: Tally): TestRun {
  const durationMs = sumOf(read.map((file) => file.durationMs));
  return {
    format: [...new Set(read.map(({ format }) => format))].join(', '),
    files: read.map(({ path }) => path),
    ...tally.result(),
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs),
  };
}

/** The problem with a file, with the way to leave it out if it is not results and there are others. */
function badFile(path: string, error: unknown, paths: readonly string[]): Problem {
  const problem = problemOf('results_file', path, error);
  if (!(error instanceof NoResultsError) || paths.length < 2) return problem;
  return { ...problem, message: `${problem.message}. To leave it out, add the line !${path}` };
}

async function readFile(request: TestsRequest, path: string, files: Files): Promise<ReadFile> {
  const tally = new Tally(request.keepCases);
  const { format, summary } = await readCases(request.format, path, files, (found) => tally.add(found));
  const { declared, durationMs, more = 0, fewer = 0 } = summary;
  const shown = { failed: failingCount(tally.counts), more, fewer };
  const failure = hiddenFailure(declared, shown);
  if (failure !== undefined) tally.add(hiddenCase('file', failure, path, path));
  if (tally.ran + tally.counts.skipped === 0) {
    const isHarmless = summary.isEmptyOnPurpose || request.outcome === 'success';
    const advice = 'Check which tests the command selects, and that all of them load';
    throw new NoResultsError('has no test case, so nothing ran', advice, isHarmless);
  }
  const warnings = failure === undefined ? warningsAbout(path, summary, shown) : [];
  return { path, format, tally, durationMs, warnings };
}

async function readCases(
  format: string,
  path: string,
  files: Files,
  onCase: OnCase,
): Promise<{ format: string; summary: FileSummary }> {
  await using file = await openText(files, path);
  const { beginning, pieces } = file;
  const isXml = beginning.startsWith('<');
  if (isXml && (format === 'junit' || format === 'auto')) {
    return { format: 'junit', summary: await readJunit(pieces, path, onCase) };
  }
  const other = otherText(beginning);
  if (other !== undefined) throw other;
  if (format === 'junit') {
    const advice = 'Name the JUnit file, or set results_format to auto';
    throw new NoResultsError(`is not XML: it begins with ${quoted(beginning)}`, advice);
  }
  if (format === 'auto' && !/^[{[]/.test(beginning)) {
    const expected = `expected XML or JSON (${KNOWN})`;
    throw new NoResultsError(`has an unknown format: it begins with ${quoted(beginning)}, ${expected}`);
  }
  // Only promptfoo writes JSON Lines.
  const json = await readJson(pieces, (first, hasMore) => {
    const isFound = format === 'promptfoo' && first !== undefined && hasMore;
    return isFound || ((format === 'auto' || format === 'promptfoo') && isResult(first));
  });
  if ('lines' in json) {
    return { format: promptfoo.name, summary: await readResultLines(() => readLines(files, path), onCase) };
  }
  const reader = jsonFormatOf(json.document, format);
  return { format: reader.name, summary: reader.read(json.document, onCase) };
}

/** The format with this name, or with `auto` the one that the content shows. */
function jsonFormatOf(document: Json, format: string): JsonFormat {
  const found = JSON_FORMATS.find(
    ({ name, recognises }) => name === format || (format === 'auto' && recognises(document)),
  );
  if (found !== undefined) return found;
  const advice = 'For your own file set results_format to json or fields';
  throw new NoResultsError(`is JSON, but in none of the known formats (${KNOWN})`, advice);
}

/** One sentence each if a file's count of failures differs from its cases, or it has unknown statuses or tests that did not end. */
function warningsAbout(
  path: string,
  { declared, unknownStatuses = [], unended = 0 }: FileSummary,
  shown: Shown,
): string[] {
  const totals = `${path} says ${declared.failed} failed; its cases add up to ${shown.failed} failed, which is what counts`;
  const statuses = `${path} has cases with an unknown status, counted as passed: ${unknownStatuses.join(', ')}`;
  const ends = `${path} has ${counted(unended, 'test')} that did not end, not counted: the run or a worker stopped early`;
  return present([
    isContradicted(declared, shown) && totals,
    unknownStatuses.length > 0 && statuses,
    unended > 0 && ends,
  ]);
}

function limited(warnings: readonly string[]): string[] {
  const more = warnings.length - MAX_WARNINGS;
  return present([
    ...warnings.slice(0, MAX_WARNINGS),
    more > 0 && `${counted(more, 'more warning')} of this kind`,
  ]);
}
