import { expect } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Files } from '../../src/files.ts';
import { type ResultsRequest, readResults } from '../../src/results/read-results.ts';
import type { Results } from '../../src/results/results.ts';
import type { TestRun } from '../../src/results/run.ts';

export const NOW = new Date('2026-11-20T12:00:00.000Z');
export type Contents = Readonly<Record<string, string | Uint8Array>>;

/**
 * Files by path, in memory, with the times at which they were `modified`. Reads come in pieces of `size` bytes; every pattern but
 * `nothing` finds every path.
 */
export function memoryFiles(
  contents: Contents,
  size = 65_536,
  modified: Readonly<Record<string, number>> = {},
): Files {
  return {
    find: async (pattern) => (pattern === 'nothing' ? [] : Object.keys(contents)),
    async *read(path) {
      const content = contents[path];
      if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    },
    modifiedMs: (path) => modified[path],
  };
}

/** Reads the files, by default with `auto` and without keeping cases. */
export function readAll(
  contents: Contents,
  request: Partial<ResultsRequest> = {},
  size?: number,
  modified?: Readonly<Record<string, number>>,
): Promise<Results> {
  const keepCases = { kind: 'none', max: 100 } as const;
  return readResults(
    { patterns: ['out/*'], format: 'auto', pointer: undefined, keepCases, ...request },
    memoryFiles(contents, size, modified),
    NOW,
  );
}

/** The same, but leaves out the names of the files, and throws {@link InputError} for any problem. */
export async function read(
  contents: Contents,
  request: Partial<ResultsRequest> = {},
  size?: number,
): Promise<Omit<Results, 'files'>> {
  const { files: _, ...results } = await readAll(contents, request, size);
  if (results.problems.length > 0) throw new InputError(results.problems);
  return results;
}

/** The test results in a file: text, or a value that becomes JSON. */
export async function testsIn(
  content: string | object,
  request: Partial<ResultsRequest> = {},
  size?: number,
): Promise<TestRun> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const { tests } = await read({ 'out/r': text }, request, size);
  return tests ?? expect.fail('there are no test results');
}

/** The test results in a file, with the warnings about it. */
export async function resultsIn(
  content: string | object,
): Promise<TestRun & Required<Pick<Results, 'warnings'>>> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const { tests, warnings = [] } = await read({ 'out/r': text });
  return { ...(tests ?? expect.fail('there are no test results')), warnings };
}

/** A run of no case, with what differs from that. */
export function run(expected: Partial<TestRun>): TestRun {
  const { passed = 0, failed = 0, errored = 0 } = expected;
  return {
    format: 'junit',
    files: ['out/r'],
    passed,
    failed,
    errored,
    skipped: 0,
    durationMs: undefined,
    failures: [],
    meta: {},
    metrics: { pass_rate: passed / (passed + failed + errored) },
    cases: [],
    casesWanted: 0,
    ...expected,
  };
}
