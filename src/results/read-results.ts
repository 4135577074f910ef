import { FormError, InputError, type Problem, problemOf } from '../errors.ts';
import { type Files, readText } from '../files.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { parseExactJson } from '../json.ts';
import { present } from '../present.ts';
import { listed, quoted } from '../text.ts';
import { staleProblem } from './age.ts';
import { fieldsIn } from './own-file.ts';
import { readPointers } from './read-pointers.ts';
import { readTests, type TestsRequest } from './read-tests.ts';
import type { Results } from './results.ts';

/** Where the results are, and how to read them. */
export interface ResultsRequest extends TestsRequest {
  /** At least one path or glob. None is empty. */
  readonly patterns: readonly string[];
  readonly format: Inputs['results_format'];
  /** JSON Pointers to the score and to metrics, for the format `json`. At least one. */
  readonly pointer: string | undefined;
  readonly metricsPointers?: readonly string[] | undefined;
  /** Whether this is the end of a tracked job, after all its steps. */
  readonly isAtEnd?: boolean;
}

/**
 * Reads each file that the patterns match once. Files of a test format are read as far as possible; for other formats, throws
 * {@link InputError} if one cannot be read. Each problem names the file and the place in it. It is a problem if a pattern matches
 * nothing, a file has no case or is from before the job, or all cases were skipped: none of these is a pass. `now` is the time that
 * the word `now` stands for in a `fields` file.
 */
export async function readResults(request: ResultsRequest, files: Files, now: Date): Promise<Results> {
  const { format, pointer, metricsPointers = [], isAtEnd = false } = request;
  const { paths, problems } = await findAll(request.patterns, files, isAtEnd);
  if (format !== 'json' && format !== 'fields') {
    const results = await readTests(request, paths, files, now);
    return { ...results, problems: [...problems, ...results.problems] };
  }
  for (const path of paths) {
    const stale = staleProblem(path, request, files, now);
    if (stale) problems.push(problemOf('results_file', path, stale));
  }
  if (problems.length > 0) throw new InputError(problems);
  // Without a problem there is a file.
  const [path, ...others] = paths as readonly [string, ...string[]];
  if (format === 'json') {
    return { ...(await readPointers(pointer, metricsPointers, [path, ...others], files)), files: paths };
  }
  if (others.length > 0) {
    const why = `but results_format fields reads one. Name one of ${listed(paths)}`;
    throw InputError.of('results_file', `matches ${paths.length} files, ${why}`);
  }
  try {
    return { ...fieldsIn(parseExactJson(await readText(files, path)), path, now), files: paths };
  } catch (error) {
    throw new InputError([problemOf('results_file', path, error)]);
  }
}

/** Finds the files of each line. As in @actions/glob, `!` excludes what the lines above it match, and `#` begins a comment. */
async function findAll(
  lines: readonly string[],
  files: Files,
  isAtEnd: boolean,
): Promise<{ paths: readonly string[]; problems: Problem[] }> {
  const paths = new Set<string>();
  const problems: Problem[] = [];
  for (const [at, pattern] of lines.entries()) {
    if (/^[!#]/.test(pattern)) continue;
    try {
      const excludes = lines.slice(at + 1).filter((line) => line.startsWith('!'));
      const found = await files.find(pattern, excludes);
      if (found.length === 0) throw new FormError(noFileFor(pattern, excludes, isAtEnd));
      for (const path of found) paths.add(path);
    } catch (error) {
      problems.push(problemOf('results_file', quoted(pattern), error));
    }
  }
  if (problems.length === 0 && paths.size === 0) {
    problems.push({ name: 'results_file', message: 'has only comments and lines with !, which exclude' });
  }
  return { paths: [...paths], problems };
}

function noFileFor(pattern: string, excludes: readonly string[], isAtEnd: boolean): string {
  const hints = [
    /\{.*(,|\.\.).*\}/.test(pattern) && 'Braces are matched literally. Write one line for each path',
    excludes.length > 0 && 'A file that a later line with ! excludes does not count',
  ];
  const order = isAtEnd
    ? 'The end of the job comes after all steps and the post steps of later ones, so check that none of them cleans the workspace'
    : '';
  const check = `${order ? 'Also check' : 'Check'} that the step that writes it ran, and that the path is relative to the workspace`;
  return present(['matches no file', order, check, ...hints]).join('. ');
}
