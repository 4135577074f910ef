import { InputError, type Problem, problemOf } from '../errors.ts';
import { type Files, readText } from '../files.ts';
import type { Host } from '../host/host.ts';
import { metaObject } from '../inputs/forms.ts';
import type { Inputs, Read } from '../inputs/inputs.ts';
import { resultsProblems } from '../inputs/rules.ts';
import { isBadEnd } from '../job.ts';
import { defined } from '../present.ts';
import type { Results } from '../results/results.ts';
import { failingCount } from '../results/tests.ts';
import { quoted } from '../text.ts';
import { mergedMeta } from './merge.ts';
import type { Stage } from './task.ts';

export const NO_RESULTS: Results = { problems: [] };

/**
 * Reads the files that the inputs name, as far as they can be read. Everything wrong with them is a problem from a file. `fields`
 * includes the meta of `meta_file`.
 */
export async function readFiles(
  read: Read<Partial<Inputs>>,
  host: Pick<Host, 'files' | 'jobBeganMs'>,
  stage: Pick<Stage, 'now' | 'tracked'>,
): Promise<Results> {
  const { values: inputs } = read;
  const results = await readResultsOf(inputs, host, stage).catch(problemsOf);
  const metaFile = await readMetaFile(inputs.meta_file, host.files);
  const meta = mergedMeta([results.fields?.meta, metaFile.fields?.meta]);
  const problems = [
    ...resultsProblems(read),
    ...outcomeProblems(inputs, results),
    ...results.problems,
    ...metaFile.problems,
  ];
  return {
    ...results,
    fields: { ...results.fields, ...defined({ meta }) },
    problems: problems.map((problem) => ({ ...problem, isFromFile: true })),
  };
}

/** At the start of a tracked job the files do not exist yet, so of `results_file` only the syntax of patterns is checked. */
export async function checkPatterns({ results_file = [] }: Partial<Inputs>, files: Files): Promise<Results> {
  const problems: Problem[] = [];
  for (const line of results_file.filter((line) => /^(?![!#]).*[*?[]/.test(line))) {
    try {
      await files.find(line);
    } catch (error) {
      problems.push(problemOf('results_file', quoted(line), error));
    }
  }
  return { problems };
}

async function readResultsOf(
  inputs: Partial<Inputs>,
  { files, jobBeganMs }: Pick<Host, 'files' | 'jobBeganMs'>,
  { now, tracked }: Pick<Stage, 'now' | 'tracked'>,
): Promise<Results> {
  const { results_file: patterns, results_format: format, score_pointer: pointer } = inputs;
  const metricsPointers = inputs.metrics_pointer;
  if (patterns === undefined || format === undefined) return NO_RESULTS;
  if (format === 'json' && pointer === undefined && metricsPointers === undefined) return NO_RESULTS;
  // Only a step that has results loads their readers.
  const { readResults } = await import('../results/read-results.ts');
  const keepCases = { kind: inputs.case_spans ?? 'none', max: inputs.max_case_spans ?? 0 };
  const isAtEnd = tracked !== undefined;
  const outcome = inputs.results_outcome;
  const request = { patterns, format, pointer, metricsPointers, keepCases, isAtEnd, outcome, jobBeganMs };
  return readResults(request, files, now);
}

/** The step that wrote the results failed or was cancelled, and no case in them says so. */
function outcomeProblems(inputs: Partial<Inputs>, { tests, fields, problems }: Results): Problem[] {
  const { results_outcome: outcome, results_file, error = fields?.error } = inputs;
  if (!isBadEnd(outcome) || results_file === undefined) return [];
  const name = 'results_outcome';
  if (!tests && problems.length > 0) {
    const ending = outcome === 'failure' ? 'failed' : 'was cancelled';
    const message = `is ${outcome}: the step that should have written the results ${ending}. Look at its log`;
    return [{ name, message }];
  }
  if (tests ? failingCount(tests) > 0 : error !== undefined) return [];
  const lack = tests ? 'no case failed' : 'the results name no error';
  const message = `is ${outcome}, but ${lack}, so the run stopped early, or something failed that the results do not show. Look at the log of the step that wrote the results`;
  const advice =
    '. A json or fields file names no case: let the tool exit with 0 whatever its score is, or leave results_outcome out';
  return [{ name, message: tests || outcome !== 'failure' ? message : message + advice }];
}

function problemsOf(error: unknown): Results {
  if (!(error instanceof InputError)) throw error;
  return { problems: error.problems };
}

async function readMetaFile(path: string | undefined, files: Files): Promise<Results> {
  if (path === undefined) return NO_RESULTS;
  try {
    return { fields: { meta: metaObject(await readText(files, path)) }, problems: [] };
  } catch (error) {
    return { problems: [problemOf('meta_file', path, error)] };
  }
}
