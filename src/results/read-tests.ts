import { FormError, InputError, type Problem, problemOf } from '../errors.ts';
import { type Files, type OpenText, openText } from '../files.ts';
import { counted, listed, quoted } from '../text.ts';
import type { OnCase } from './cases.ts';
import { ctrf } from './ctrf.ts';
import { undeclaredCase } from './declared.ts';
import type { FileSummary, JsonFormat } from './format.ts';
import { jest } from './jest.ts';
import { readJson, readLines } from './json-file.ts';
import { readJunit } from './junit.ts';
import { isResult, promptfoo, readResultLines } from './promptfoo.ts';
import type { Results } from './results.ts';
import { sumOf } from './shape.ts';
import { type KeepCases, Tally } from './tally.ts';

const JSON_FORMATS: readonly JsonFormat[] = [ctrf, promptfoo, jest];
const KNOWN = ['junit', ...JSON_FORMATS.map(({ name }) => name)].join(', ');
const MAX_WARNINGS = 10;

/**
 * Reads every file in the given test format, or with `auto` each in its own. A problem names the file and the place in it. It is
 * a problem if a file has no case, or if all cases were skipped. Throws {@link InputError} if there are problems and nothing ran.
 */
export async function readTests(
  format: string,
  keepCases: KeepCases,
  paths: readonly string[],
  files: Files,
): Promise<Results> {
  const tally = new Tally(keepCases);
  const formats = new Set<string>();
  const durations: (number | undefined)[] = [];
  const warnings: string[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      const file = new Tally(keepCases);
      const { name, summary } = await readFile(format, path, files, (found) => file.add(found));
      const { failure } = summary;
      if (failure !== undefined && file.counts.failed + file.counts.errored === 0) {
        file.add(undeclaredCase({ kind: 'file', name: path, path, failure }));
      }
      if (file.ran + file.counts.skipped === 0)
        throw new FormError('has no test case, so nothing ran. Check which tests the command selects');
      tally.merge(file);
      warnings.push(...totalsWarnings(path, summary, file));
      formats.add(name);
      durations.push(summary.durationMs);
    } catch (error) {
      problems.push(problemOf('results_file', path, error));
    }
  }
  if (tally.ran === 0) {
    const message = `${listed(paths)}: every case was skipped, so nothing ran`;
    throw new InputError(problems.length > 0 ? problems : [{ name: 'results_file', message }]);
  }
  const durationMs = sumOf(durations);
  const tests = {
    format: [...formats].join(', '),
    files: paths,
    ...tally.result(),
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs),
    warnings: limited(warnings),
  };
  return { tests, problems };
}

async function readFile(
  format: string,
  path: string,
  files: Files,
  onCase: OnCase,
): Promise<{ name: string; summary: FileSummary }> {
  const file = await openText(files, path);
  try {
    return await readOpen(format, file, path, files, onCase);
  } finally {
    await file.close();
  }
}

async function readOpen(
  format: string,
  { beginning, pieces }: OpenText,
  path: string,
  files: Files,
  onCase: OnCase,
): Promise<{ name: string; summary: FileSummary }> {
  const isXml = beginning.startsWith('<');
  if (format === 'junit' && !isXml)
    throw new FormError(
      `is not XML: it begins with ${quoted(beginning)}. Name the JUnit file, or set results_format to auto`,
    );
  if (format === 'junit' || (format === 'auto' && isXml)) {
    return { name: 'junit', summary: await readJunit(pieces, path, onCase) };
  }
  if (format === 'auto' && !/^[{[]/.test(beginning)) {
    throw new FormError(
      `has an unknown format: it begins with ${quoted(beginning)}, expected XML or JSON (${KNOWN})`,
    );
  }
  // Only promptfoo writes JSON Lines.
  const json = await readJson(pieces, (first, hasMore) => {
    const isFound = format === 'promptfoo' && first !== undefined && hasMore;
    return isFound || ((format === 'auto' || format === 'promptfoo') && isResult(first));
  });
  if ('lines' in json) {
    return { name: promptfoo.name, summary: await readResultLines(() => readLines(files, path), onCase) };
  }
  const { document } = json;
  const reader = JSON_FORMATS.find(
    ({ name, recognises }) => name === format || (format === 'auto' && recognises(document)),
  );
  if (reader === undefined) {
    throw new FormError(
      `is JSON, but in none of the known formats (${KNOWN}). For your own file set results_format to json or fields`,
    );
  }
  return { name: reader.name, summary: reader.read(document, onCase) };
}

/** One sentence if a file's totals disagree with its cases, and one if it has unknown statuses. */
function totalsWarnings(
  path: string,
  { totals, unknownStatuses = [] }: FileSummary,
  { ran, extra, counts: { failed, errored, skipped } }: Tally,
): string[] {
  const total = ran + skipped;
  // The totals of some tools do not include failures outside of the cases.
  const fits: [string, number | undefined, number[]][] = [
    ['test', totals.tests, [total, total - extra]],
    ['failed', totals.failed, [failed + errored, failed + errored - extra]],
    ['skipped', totals.skipped, [skipped]],
  ];
  const off = fits.filter(([, declared, right]) => declared !== undefined && !right.includes(declared));
  const listOf = (counts: (number | undefined)[]) =>
    off
      .map(([noun], i) => (noun === 'test' ? counted(counts[i] ?? 0, noun) : `${counts[i]} ${noun}`))
      .join(', ');
  const declared = listOf(off.map(([, count]) => count));
  const cases = listOf(off.map(([, , [count]]) => count));
  return [
    ...(off.length > 0
      ? [`${path} says ${declared}; its cases add up to ${cases}, which is what counts`]
      : []),
    ...(unknownStatuses.length > 0
      ? [`${path} has cases with an unknown status, counted as passed: ${unknownStatuses.join(', ')}`]
      : []),
  ];
}

function limited(warnings: readonly string[]): string[] {
  const more = warnings.length - MAX_WARNINGS;
  return [
    ...warnings.slice(0, MAX_WARNINGS),
    ...(more > 0 ? [`${counted(more, 'more warning')} of this kind`] : []),
  ];
}
