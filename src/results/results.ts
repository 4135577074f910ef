import { FormError, InputError, type Problem } from '../errors.ts';
import { type Files, readText } from '../files.ts';
import { type Json, type JsonObject, parseExactJson, parseJson } from '../json.ts';
import { listed, quoted } from '../words.ts';
import { checkBeginning } from './beginning.ts';
import type { ResultsFormat } from './formats.ts';
import { fieldsIn, scoreAt } from './own-file.ts';
import { problemOf } from './problem.ts';
import type { KeepCases } from './tally.ts';
import { readTests } from './test-files.ts';
import type { TestRun } from './test-run.ts';

/** Where the results are, and how to read them. */
export interface ResultsRequest {
  /** At least one path or glob. None is empty. */
  readonly patterns: readonly string[];
  readonly format: ResultsFormat;
  /** A JSON Pointer (RFC 6901), for the format `json`. */
  readonly pointer: string | undefined;
  readonly keepCases: KeepCases;
}

export type Results =
  /** With problems `tests` is what could be read: it has the failures, but its counts mean nothing. */
  | { readonly kind: 'tests'; readonly tests: TestRun; readonly problems: readonly Problem[] }
  | { readonly kind: 'score'; readonly score: number; readonly path: string }
  /** Fields by input name, not checked yet. Numbers keep their digits. */
  | { readonly kind: 'fields'; readonly document: JsonObject; readonly path: string };

/**
 * Reads the files that the patterns match, each once. Throws {@link InputError} with every problem; each names the file and the
 * place in it. It is a problem if a pattern matches nothing, a file has no case, or all cases were skipped: none of these is a
 * pass.
 */
export async function readResults(request: ResultsRequest, files: Files): Promise<Results> {
  const { format, pointer = '', keepCases } = request;
  const paths = await findAll(request.patterns, files);
  if (format !== 'json' && format !== 'fields') {
    return { kind: 'tests', ...(await readTests(format, keepCases, paths, files)) };
  }
  const [path = '', ...others] = paths;
  if (others.length > 0) {
    const why = `but results_format ${format} reads one. Name one of ${listed(paths)}`;
    throw new InputError([{ name: 'results_file', message: `matches ${paths.length} files, ${why}` }]);
  }
  const document = await readOwnFile(format === 'json' ? parseJson : parseExactJson, path, files);
  return format === 'json'
    ? { kind: 'score', score: scoreAt(pointer, document, path), path }
    : { kind: 'fields', document: fieldsIn(document, path), path };
}

async function findAll(patterns: readonly string[], files: Files): Promise<string[]> {
  const paths = new Set<string>();
  const problems: Problem[] = [];
  for (const pattern of patterns) {
    try {
      const found = await files.find(pattern);
      if (found.length === 0) throw new FormError(noFileFor(pattern));
      for (const path of found) paths.add(path);
    } catch (error) {
      problems.push(problemOf(quoted(pattern), error));
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return [...paths];
}

function noFileFor(pattern: string): string {
  const hint = /[[\]]/.test(pattern) ? '. Brackets stand for themselves; a glob has *, ?, ** and {a,b}' : '';
  return `matches no file. Check that the step that writes it ran, and that the path is relative to the workspace${hint}`;
}

async function readOwnFile(parse: (text: string) => Json, path: string, files: Files): Promise<Json> {
  try {
    const text = await readText(files, path);
    checkBeginning(text);
    return parse(text);
  } catch (error) {
    throw new InputError([problemOf(path, error)]);
  }
}
