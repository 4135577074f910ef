import { type Decimal, roundedProduct } from '../decimal.ts';
import { FormError, InputError, type Problem } from '../errors.ts';
import { type Files, readText, readTextPieces } from '../files.ts';
import { isJsonObject, type Json, type JsonObject, kindOf, parseJson } from '../json.ts';
import { ctrf } from './ctrf.ts';
import { cut, type Failure, lineOf, type Source, sumOf, type TestCase, type TestFormat } from './format.ts';
import { jest } from './jest.ts';
import { junit } from './junit.ts';
import { promptfoo } from './promptfoo.ts';

export const RESULTS_FORMATS = ['auto', 'junit', 'ctrf', 'promptfoo', 'jest', 'json', 'fields'] as const;
export type ResultsFormat = (typeof RESULTS_FORMATS)[number];

const TEST_FORMATS: readonly TestFormat[] = [junit, ctrf, promptfoo, jest];

/** Where the results are, and how to read them. */
export interface ResultsRequest {
  readonly pattern: string;
  readonly format: ResultsFormat;
  /** RFC 6901; given with the format `json`. */
  readonly scorePointer: string | undefined;
  /** The names a file of the format `fields` may hold. */
  readonly fieldNames: readonly string[];
}

export type Results =
  | { readonly kind: 'tests'; readonly tests: TestRun }
  /** Texts for the inputs of the same name: those of a `fields` file, or the score of a `json` file. */
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<string, string>>; readonly path: string };

/** What ran, over all files: total = passed + failed + errored + skipped, and at least one ran. */
export interface TestRun {
  /** The names of the formats, each once, such as `junit` or `junit, jest`. */
  readonly format: string;
  readonly files: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  readonly skipped: number;
  /** The cases' times added up, whole milliseconds. */
  readonly durationMs: number | undefined;
  /** The first ten; there are failed + errored. */
  readonly failures: readonly Failure[];
  /** What the format has besides, by `meta` key. */
  readonly meta: JsonObject;
}

const NO_FILE =
  'matches no file. Check that the step that writes it ran, and its path from the workspace; of a directory write a glob such as reports/*.xml';
const MAX_FAILURES = 10;

/**
 * Reads the files that `pattern` matches. Throws {@link InputError} with every problem; each names the file, and the place in it.
 * A file in which there is no case is a problem, and so is a run in which all were skipped: neither is a pass.
 */
export async function readResults(request: ResultsRequest, files: Files): Promise<Results> {
  const paths = await files.find(request.pattern);
  const [path, ...others] = paths;
  if (path === undefined) throw problem('results_file', NO_FILE, request.pattern);
  if (request.format === 'json' || request.format === 'fields') {
    if (others.length > 0) {
      throw problem(
        'results_file',
        `matches ${paths.length} files; results_format ${request.format} reads one`,
      );
    }
    return request.format === 'json' ? readScore(request, files, path) : readFields(request, files, path);
  }
  return { kind: 'tests', tests: await readTests(request.format, files, paths) };
}

/** What the results become on the span: the pass rate × `scale`, a line per failure, and counts. */
export function fieldsOf(
  tests: TestRun,
  scale: Decimal,
): { score: bigint; error?: string; meta: JsonObject } {
  const { passed, failed, errored, skipped, durationMs, failures } = tests;
  const ran = passed + failed + errored;
  const lines = failures.map(lineOf);
  const more = failed + errored - failures.length;
  if (more > 0) lines.push(`and ${more} more`);
  return {
    score: roundedProduct({ digits: BigInt(passed), exponent: 0 }, scale, BigInt(ran)),
    ...(lines.length > 0 && { error: lines.join('\n') }),
    meta: {
      'test.total': ran + skipped,
      'test.passed': passed,
      'test.failed': failed,
      'test.errored': errored,
      'test.skipped': skipped,
      ...(durationMs !== undefined && { 'test.duration_ms': durationMs }),
      'test.format': tests.format,
      ...tests.meta,
    },
  };
}

async function readTests(format: string, files: Files, paths: readonly string[]): Promise<TestRun> {
  const tally = createTally();
  const formats = new Set<string>();
  const durations: (number | undefined)[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      const source = await openSource(files, path);
      const adapter = await formatOf(format, source);
      const before = tally.total();
      durations.push(await adapter.parse(source, tally.add));
      if (tally.total() === before) throw new FormError('holds no test case: nothing ran');
      formats.add(adapter.name);
    } catch (error) {
      problems.push(problemOf(path, error));
    }
  }
  const run = tally.run();
  if (problems.length === 0 && run.passed + run.failed + run.errored === 0) {
    problems.push({
      name: 'results_file',
      message: `${paths.join(', ')}: every case was skipped: nothing ran`,
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  const durationMs = sumOf(durations);
  return {
    format: [...formats].join(', '),
    files: paths,
    ...run,
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs),
  };
}

/** Counts cases as they come. */
function createTally() {
  const counts = { passed: 0, failed: 0, errored: 0, skipped: 0 };
  const failures: Failure[] = [];
  const means = new Map<string, { sum: number; count: number }>();
  const sums = new Map<string, number>();
  return {
    add({ outcome, describe, means: measured, sums: counted }: TestCase): void {
      counts[outcome]++;
      if ((outcome === 'failed' || outcome === 'errored') && failures.length < MAX_FAILURES) {
        failures.push(describe());
      }
      for (const key in measured) {
        const { sum, count } = means.get(key) ?? { sum: 0, count: 0 };
        means.set(key, { sum: sum + (measured[key] ?? 0), count: count + 1 });
      }
      for (const key in counted) sums.set(key, (sums.get(key) ?? 0) + (counted[key] ?? 0));
    },
    total: () => counts.passed + counts.failed + counts.errored + counts.skipped,
    run: () => ({
      ...counts,
      failures,
      meta: Object.fromEntries([
        ...[...means].map(([key, { sum, count }]) => [key, tidy(sum / count)] as const),
        // Tools write 0 for a cost or a use of tokens that they do not know.
        ...[...sums].filter(([, sum]) => sum !== 0).map(([key, sum]) => [key, tidy(sum)] as const),
      ]),
    }),
  };
}

/** Without the noise of adding in binary: 0.30000000000000004 is 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

async function formatOf(format: string, source: Source): Promise<TestFormat> {
  for (const adapter of TEST_FORMATS) {
    if (adapter.name === format || (format === 'auto' && (await adapter.recognises(source)))) return adapter;
  }
  const known = TEST_FORMATS.map(({ name }) => name).join(', ');
  throw new FormError(
    source.start === '{' || source.start === '['
      ? `is JSON, but none of ${known}. For a file of your own set results_format to json or fields`
      : `is of an unknown kind: line 1, column 1: expected XML or JSON (${known})`,
  );
}

async function openSource(files: Files, path: string): Promise<Source> {
  let document: Promise<Json> | undefined;
  return {
    start: await startOf(files, path),
    readPieces: () => readTextPieces(files, path),
    readJson: () => {
      document ??= readJson(files, path);
      return document;
    },
  };
}

async function startOf(files: Files, path: string): Promise<string> {
  for await (const piece of readTextPieces(files, path)) {
    const start = /\S/u.exec(piece);
    if (start) return start[0];
  }
  throw new FormError('is empty');
}

async function readJson(files: Files, path: string): Promise<Json> {
  const text = await readText(files, path);
  return parseJson(text);
}

async function readScore(
  { scorePointer = '' }: ResultsRequest,
  files: Files,
  path: string,
): Promise<Results> {
  const document = await readDocument(files, path);
  const value = valueAt(document, scorePointer, path);
  if (typeof value !== 'number' && !JSON.isRawJSON(value)) {
    throw problem('score_pointer', `leads to ${kindOf(value)} in ${path}; expected a number`, scorePointer);
  }
  return { kind: 'fields', fields: { score: JSON.stringify(value) }, path };
}

async function readDocument(files: Files, path: string): Promise<Json> {
  try {
    return await readJson(files, path);
  } catch (error) {
    throw new InputError([problemOf(path, error)]);
  }
}

/** The value a JSON Pointer (RFC 6901) leads to. */
function valueAt(document: Json, pointer: string, path: string): Json {
  let value = document;
  let place = '';
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const next = childOf(value, key);
    if (next === undefined) {
      throw problem(
        'score_pointer',
        `leads nowhere in ${path}: ${place || 'the document'} is ${insideOf(value)}`,
        pointer,
      );
    }
    place += `/${token}`;
    value = next;
  }
  return value;
}

function childOf(value: Json, key: string): Json | undefined {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function insideOf(value: Json): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (!isJsonObject(value)) return kindOf(value);
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an object without a key' : `an object with ${listed(keys)}`;
}

/** The first ten names, each cut. */
function listed(names: readonly string[]): string {
  return [...names.slice(0, 10).map((name) => cut(name, 40)), ...(names.length > 10 ? ['…'] : [])].join(', ');
}

async function readFields({ fieldNames }: ResultsRequest, files: Files, path: string): Promise<Results> {
  const document = await readDocument(files, path);
  if (!isJsonObject(document)) {
    throw problem(
      'results_file',
      `${path} holds ${kindOf(document)}; results_format fields expects an object`,
    );
  }
  const given = Object.entries(document).filter(([, value]) => value !== null);
  const unknown = given.map(([name]) => name).filter((name) => !fieldNames.includes(name));
  if (unknown.length > 0) {
    const known = fieldNames.join(', ');
    throw problem('results_file', `${path} may hold ${known}; it holds ${listed(unknown)} too`);
  }
  const fields = given.map(([name, value]) => [name, inputTextOf(name, value)]);
  return { kind: 'fields', fields: Object.fromEntries(fields), path };
}

/** The text that the input of the same name would have. */
function inputTextOf(name: string, value: Json): string {
  if (name === 'clear' && Array.isArray(value)) return value.map((field) => inputTextOf('', field)).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function problem(name: string, message: string, found?: string): InputError {
  return new InputError([{ name, message, ...(found !== undefined && { found }) }]);
}

function problemOf(path: string, error: unknown): Problem {
  if (!(error instanceof FormError)) throw error;
  return { name: 'results_file', message: `${path} ${error.message}` };
}
