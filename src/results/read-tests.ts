import { FormError, InputError, type Problem, problemOf } from '../errors.ts';
import { type Files, readBeginning, readText, readTextPieces } from '../files.ts';
import { parseJson } from '../json.ts';
import { counted, listed, quoted } from '../text.ts';
import type { OnCase } from './cases.ts';
import { ctrf } from './ctrf.ts';
import type { FileSummary, JsonFormat } from './format.ts';
import { jest } from './jest.ts';
import { readJunit } from './junit.ts';
import { promptfoo } from './promptfoo.ts';
import { failureLines } from './record.ts';
import type { Results } from './results.ts';
import { sumOf } from './shape.ts';
import { type Counts, createTally, type KeepCases } from './tally.ts';

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
  const tally = createTally(keepCases);
  const formats = new Set<string>();
  const durations: (number | undefined)[] = [];
  const warnings: string[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      const before = tally.counts();
      const { name, summary } = await readFile(format, path, files, tally.add);
      let counts = lessThan(tally.counts(), before);
      if (summary.failure !== undefined && counts.failed + counts.errored === 0) {
        const why = { message: `the file says ${summary.failure}, but none of its cases failed` };
        tally.add({ status: 'errored', isExtra: true, details: () => ({ name: path, why, file: path }) });
        counts = lessThan(tally.counts(), before);
      }
      if (totalOf(counts) === 0)
        throw new FormError('has no test case, so nothing ran. Check which tests the command selects');
      warnings.push(...totalsWarnings(path, summary, counts));
      formats.add(name);
      durations.push(summary.durationMs);
    } catch (error) {
      problems.push(problemOf('results_file', path, error));
    }
  }
  const { passed, failed, errored } = tally.counts();
  if (passed + failed + errored === 0) {
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
  if (problems.length > 0) return { error: failureLines(tests).join('\n') || undefined, problems };
  return { tests, problems };
}

async function readFile(
  format: string,
  path: string,
  files: Files,
  onCase: OnCase,
): Promise<{ name: string; summary: FileSummary }> {
  const beginning = await readBeginning(files, path);
  const isXml = beginning.startsWith('<');
  if (format === 'junit' && !isXml)
    throw new FormError(
      `is not XML: it begins with ${quoted(beginning)}. Name the JUnit file, or set results_format to auto`,
    );
  if (format === 'junit' || (format === 'auto' && isXml)) {
    return { name: 'junit', summary: await readJunit(readTextPieces(files, path), path, onCase) };
  }
  if (format === 'auto' && !/^[{[]/.test(beginning)) {
    throw new FormError(
      `has an unknown format: it begins with ${quoted(beginning)}, expected XML or JSON (${KNOWN})`,
    );
  }
  const document = parseJson(await readText(files, path));
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

/** One sentence if a file's totals disagree with its cases, and one if it has unknown words. */
function totalsWarnings(path: string, { totals, unknownWords = [] }: FileSummary, counts: Counts): string[] {
  const { passed, failed, errored, skipped, extra } = counts;
  const total = passed + failed + errored + skipped;
  // The totals of some tools do not include failures outside of the cases.
  const fits: [string, number | undefined, number[]][] = [
    ['test', totals.tests, [total, total - extra]],
    ['failed', totals.failed, [failed + errored, failed + errored - extra]],
    ['skipped', totals.skipped, [skipped]],
  ];
  const off = fits.filter(([, told, right]) => told !== undefined && !right.includes(told));
  const listOf = (counts: (number | undefined)[]) =>
    off
      .map(([what], i) => (what === 'test' ? counted(counts[i] ?? 0, what) : `${counts[i]} ${what}`))
      .join(', ');
  const told = listOf(off.map(([, count]) => count));
  const cases = listOf(off.map(([, , [count]]) => count));
  return [
    ...(off.length > 0 ? [`${path} says ${told}; its cases add up to ${cases}, which is what counts`] : []),
    ...(unknownWords.length > 0
      ? [`${path} has cases with an unknown status, counted as passed: ${unknownWords.join(', ')}`]
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

function lessThan(after: Counts, before: Counts): Counts {
  return {
    passed: after.passed - before.passed,
    failed: after.failed - before.failed,
    errored: after.errored - before.errored,
    skipped: after.skipped - before.skipped,
    extra: after.extra - before.extra,
  };
}

function totalOf({ passed, failed, errored, skipped }: Counts): number {
  return passed + failed + errored + skipped;
}
