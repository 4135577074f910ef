import { InputError } from '../errors.ts';
import type { Files } from '../files.ts';
import type { Inputs, Read } from '../inputs/inputs.ts';
import { resultsProblems } from '../inputs/rules.ts';
import type { JsonObject } from '../json.ts';
import type { Results } from '../results/results.ts';
import { readMetaFile } from './meta-file.ts';

/** The content of the files that the inputs name, as far as they could be read. */
export interface Found extends Results {
  /** From `meta_file`. */
  readonly meta?: JsonObject;
}

export const NOTHING_FOUND: Found = { problems: [] };

/** Reads the files that the inputs name. Anything wrong with them becomes a problem. */
export async function readFound(read: Read<Partial<Inputs>>, files: Files, now: Date): Promise<Found> {
  const { values: inputs } = read;
  const results = await readResultsOf(inputs, files, now).catch(problemsOf);
  const { meta, problems } = await readMetaFile(inputs.meta_file, files);
  return {
    ...results,
    ...(meta && { meta }),
    problems: [...resultsProblems(read), ...results.problems, ...problems],
  };
}

async function readResultsOf(inputs: Partial<Inputs>, files: Files, now: Date): Promise<Found> {
  const { results_file: patterns, results_format: format, score_pointer: pointer } = inputs;
  if (patterns === undefined || format === undefined) return NOTHING_FOUND;
  if (format === 'json' && pointer === undefined) return NOTHING_FOUND;
  // Only a step that has results loads their readers.
  const { readResults } = await import('../results/read-results.ts');
  const keepCases = { kind: inputs.case_spans ?? 'none', max: inputs.max_case_spans ?? 0 };
  return readResults({ patterns, format, pointer, keepCases }, files, now);
}

function problemsOf(error: unknown): Found {
  if (!(error instanceof InputError)) throw error;
  return { problems: error.problems };
}
