import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program to measure as a whole process. */
export interface Subject {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** The methods of its requests, to check that all subjects do the same work. */
  readonly requests: readonly string[];
}

/** What a subject used: medians, and its highest peak of resident memory. CPU time and memory are NaN unless it is a Node process. */
export interface Measured {
  readonly ms: number;
  /** User and system time of all threads. */
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/** What a part of the benchmark uses. */
export interface Bench {
  /** A folder for its files, removed afterwards. */
  readonly folder: string;
  /** The environment of a step that updates the span. Something to record must be added. */
  readonly env: Readonly<Record<string, string>>;
  /** The requests since the last call, and what the span holds now. */
  happened(): Promise<{ methods: string[]; score: number | null; meta: Record<string, unknown> | null }>;
}

export const NODE = process.execPath;

export const DIST = join(import.meta.dirname, '../../dist');

export const STEP: Subject = {
  name: 'the step',
  command: [NODE, join(DIST, 'index.js')],
  requests: ['GET', 'PATCH'],
};

/** Runs a subject once, with empty runner files, and throws if it fails. `told` is what it wrote to file descriptor 3. */
export function run(
  { name, command: [file, ...args] }: Subject,
  env: Bench['env'],
  nodeArgs: readonly string[] = [],
): { ms: number; told: string } {
  const { GITHUB_OUTPUT, GITHUB_STATE, GITHUB_STEP_SUMMARY } = env;
  for (const path of [GITHUB_OUTPUT, GITHUB_STATE, GITHUB_STEP_SUMMARY]) if (path) writeFileSync(path, '');
  const start = performance.now();
  const child = spawnSync(file, [...nodeArgs, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ms = performance.now() - start;
  if (child.status !== 0)
    throw new Error(`${name} failed.\n${child.error ?? ''}${child.stdout}${child.stderr}`);
  return { ms, told: child.output[3] ?? '' };
}

/** Runs the subjects in turn, so that a busy machine slows all of them alike. */
export function measure<const Subjects extends readonly Subject[]>(
  subjects: Subjects,
  env: Bench['env'],
  rounds: number,
): { [Position in keyof Subjects]: Measured } {
  const runs = subjects.map((subject) => ({ subject, ms: [] as number[], usages: [] as Usage[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { subject, ms, usages } of runs) {
      ms.push(run(subject, env).ms);
      if (subject.command[0] === NODE) usages.push(usageOf(subject, env));
    }
  }
  return runs.map(({ ms, usages }) => ({
    ms: median(ms),
    cpuMs: median(usages.map(({ cpuMs }) => cpuMs)),
    peakBytes: usages.length > 0 ? Math.max(...usages.map(({ peakBytes }) => peakBytes)) : Number.NaN,
  })) as { [Position in keyof Subjects]: Measured };
}

type Usage = Pick<Measured, 'cpuMs' | 'peakBytes'>;

/** Measured in a separate run, since it adds a millisecond or two. */
function usageOf(subject: Subject, env: Bench['env']): Usage {
  return JSON.parse(run(subject, env, ['--require', join(import.meta.dirname, 'usage.cjs')]).told);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints a row of a table, with columns as wide as their titles: the first cell left-aligned, numbers right-aligned, NaN left out. */
export function printRow(titles: readonly string[], cells: readonly (string | number)[] = titles): void {
  const [name = '', ...others] = titles.map((_, i) => {
    const cell = cells[i] ?? '';
    if (typeof cell === 'string') return cell;
    return Number.isNaN(cell) ? '' : cell.toFixed(cell < 10 ? 2 : 1);
  });
  console.log(
    name.padEnd(24) + others.map((cell, i) => cell.padStart((titles[i + 1]?.length ?? 0) + 3)).join(''),
  );
}

/** Prints a value, its limit, and whether the limit is met. */
export function printTarget(what: string, value: number, limit: number, unit = ''): void {
  const verdict = value <= limit ? 'met' : 'NOT MET';
  console.log(
    `${verdict.padEnd(9)}${what}: ${value.toFixed(value < 10 ? 2 : 1)}${unit} (at most ${limit}${unit})`,
  );
}
