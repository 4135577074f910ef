import { FormError, InputError, type Problem } from '../errors.ts';
import { type Files, readText } from '../files.ts';
import { metaObject } from '../inputs/forms.ts';
import { type Fields, type Inputs, type Read, readFields } from '../inputs/inputs.ts';
import { resultsProblems } from '../inputs/rules.ts';
import type { JsonObject } from '../json.ts';
import { recordOf } from '../results/record.ts';
import type { Results } from '../results/results.ts';
import type { TestRun } from '../results/test-run.ts';
import { PASS_RATE_SCALE } from '../score.ts';

/** The content of the files that the inputs name, as far as they could be read. */
export interface Found {
  /** From files of a test format. */
  readonly tests?: TestRun;
  /** From a `json` or `fields` file. `name` says where it is, for errors. */
  readonly score?: { readonly name: string; readonly value: number; readonly scale?: number | undefined };
  /** The failures in files of a test format, where some of the files could not be read. */
  readonly error?: string | undefined;
  /** From a `fields` file, except its score. */
  readonly fields: Fields;
  /** From `meta_file`. */
  readonly meta?: JsonObject;
  readonly problems: readonly Problem[];
}

export const NOTHING_FOUND: Found = { fields: {}, problems: [] };

/** Reads the files that the inputs name. Anything wrong with them becomes a problem. */
export async function readFound(read: Read<Partial<Inputs>>, files: Files, now: Date): Promise<Found> {
  const problems = resultsProblems(read);
  const results = await collect(readResultsOf(read.values, files), problems);
  const found = results ? foundIn(results, now) : NOTHING_FOUND;
  problems.push(...found.problems);
  const meta = await collect(readMeta(read.values.meta_file, files), problems);
  return { ...found, ...(meta && { meta }), problems };
}

function foundIn(results: Results, now: Date): Found {
  switch (results.kind) {
    case 'tests': {
      const { tests, problems } = results;
      if (problems.length === 0) return { ...NOTHING_FOUND, tests };
      return { ...NOTHING_FOUND, problems, error: recordOf(tests, PASS_RATE_SCALE).error };
    }
    case 'score':
      return { ...NOTHING_FOUND, score: { name: `score in ${results.path}`, value: results.score } };
    case 'fields': {
      const { values, problems } = readFields(results.document, results.path, now);
      const { score, score_scale: scale, ...fields } = values;
      if (score === undefined) return { fields, problems };
      return { fields, problems, score: { name: `score in ${results.path}`, value: score, scale } };
    }
  }
}

async function readResultsOf(inputs: Partial<Inputs>, files: Files): Promise<Results | undefined> {
  const { results_file: patterns, results_format: format, score_pointer: pointer } = inputs;
  if (patterns === undefined || format === undefined) return undefined;
  if (format === 'json' && pointer === undefined) return undefined;
  // Only a step that has results loads their readers.
  const { readResults } = await import('../results/results.ts');
  const keepCases = { kind: inputs.case_spans ?? 'none', max: inputs.max_case_spans ?? 0 };
  return readResults({ patterns, format, pointer, keepCases }, files);
}

async function readMeta(path: string | undefined, files: Files): Promise<JsonObject | undefined> {
  if (path === undefined) return undefined;
  try {
    return metaObject(await readText(files, path));
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw new InputError([{ name: 'meta_file', message: `${path} ${error.message}` }]);
  }
}

/** The result of the work; undefined if it throws an {@link InputError}, whose problems are added to `problems`. */
async function collect<Value>(work: Promise<Value>, problems: Problem[]): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
