import { FormError, InputError, type Problem, problemOf } from '../errors.ts';
import { type Files, readText } from '../files.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { parseExactJson } from '../json.ts';
import { listed, quoted } from '../text.ts';
import { fieldsIn } from './own-file.ts';
import { readPointers } from './read-pointers.ts';
import { readTests } from './read-tests.ts';
import type { Results } from './results.ts';
import type { KeepCases } from './tally.ts';

/** Where the results are, and how to read them. */
export interface ResultsRequest {
  /** At least one path or glob. None is empty. */
  readonly patterns: readonly string[];
  readonly format: Inputs['results_format'];
  /** JSON Pointers to the score and to metrics, for the format `json`. At least one. */
  readonly pointer: string | undefined;
  readonly metricsPointers?: readonly string[] | undefined;
  readonly keepCases: KeepCases;
}

/**
 * Reads the files that the patterns match, each once. Throws {@link InputError} with every problem if nothing could be read. Each
 * problem names the file and the place in it. It is a problem if a pattern matches nothing, a file has no case, or all cases were
 * skipped: none of these is a pass. `now` is the time that the word `now` stands for in a `fields` file.
 */
export async function readResults(request: ResultsRequest, files: Files, now: Date): Promise<Results> {
  const { format, pointer, metricsPointers = [], keepCases } = request;
  const paths = await findAll(request.patterns, files);
  if (format === 'json') return readPointers(pointer, metricsPointers, paths, files);
  if (format !== 'fields') return readTests(format, keepCases, paths, files);
  const [path, ...others] = paths;
  if (others.length > 0) {
    const why = `but results_format fields reads one. Name one of ${listed(paths)}`;
    throw InputError.of('results_file', `matches ${paths.length} files, ${why}`);
  }
  try {
    return fieldsIn(parseExactJson(await readText(files, path)), path, now);
  } catch (error) {
    throw new InputError([problemOf('results_file', path, error)]);
  }
}

async function findAll(patterns: readonly string[], files: Files): Promise<[string, ...string[]]> {
  const paths = new Set<string>();
  const problems: Problem[] = [];
  for (const pattern of patterns) {
    try {
      const found = await files.find(pattern);
      if (found.length === 0) throw new FormError(noFileFor(pattern));
      for (const path of found) paths.add(path);
    } catch (error) {
      problems.push(problemOf('results_file', quoted(pattern), error));
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return [...paths] as [string, ...string[]];
}

function noFileFor(pattern: string): string {
  const hint = /[[\]]/.test(pattern) ? '. Brackets stand for themselves; a glob has *, ?, ** and {a,b}' : '';
  return `matches no file. Check that the step that writes it ran, and that the path is relative to the workspace${hint}`;
}
