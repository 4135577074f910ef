// `npm run bench [-- start|junit]` measures the step's time and memory and checks the targets: beside a bare script on `fetch` with the
// same requests, and beside its XML parser alone on large JUnit files. It runs whole processes in turn, so that a busy machine slows all
// of them alike: read the ratios. About two minutes.
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextsOf, contextVariables } from '../test/harness/context.ts';
import { inputVariables, readAction } from '../test/harness/runner.ts';
import { pathOf } from '../test/harness/tcp-server.ts';
import { writeJunitFile, writePytestFile } from './bench/junit-file.ts';

/** A program to measure as a whole process, with the requests it sends. */
interface Subject {
  readonly name: string;
  readonly args: readonly string[];
  readonly requests: readonly string[];
}
type Env = Readonly<Record<string, string>>;
interface Usage {
  readonly cpuMs: number;
  readonly peakBytes: number;
}
/** Medians, and the highest peak of resident memory. CPU time is that of all threads, user and system. */
type Measured = Usage & { readonly ms: number };

const DIST = join(import.meta.dirname, '../dist');
const BENCH = join(import.meta.dirname, 'bench');
const MB = 1e6;
const requests = ['GET', 'PATCH'];
const STEP: Subject = { name: 'the step', args: [join(DIST, 'index.js')], requests };
const FETCH: Subject = { name: 'bare fetch', args: [join(BENCH, 'fetch.cjs')], requests };
const NOTHING: Subject = { name: 'node -e 0', args: ['-e', '0'], requests: [] };
const END: Subject = { name: 'the end, nothing to do', args: [join(DIST, 'end.js')], requests: [] };
const PARSER: Subject = { name: 'bare parser', args: [join(BENCH, 'saxes.mjs')], requests: [] };

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const server = fork(join(BENCH, 'server.ts'));

/** The requests since the last call, and what the span holds now. */
async function happened(): Promise<{ methods: string[]; score: number; meta: Record<string, unknown> }> {
  server.send('report');
  const [report] = await once(server, 'message');
  return report;
}

/**
 * Runs a subject once, with empty runner files, and throws if it fails. `before` is what runs it. Returns the time, and what was
 * written to file descriptor 3.
 */
function run(
  { name, args }: Subject,
  env: Env,
  before: readonly [string, ...string[]] = [process.execPath],
): { ms: number; written: string } {
  for (const file of ['output', 'state', 'summary']) writeFileSync(join(folder, file), '');
  const [command, ...first] = before;
  const start = performance.now();
  const child = spawnSync(command, [...first, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ms = performance.now() - start;
  if (child.status !== 0) throw new Error(`${name} failed.\n${child.stdout}${child.stderr}`);
  return { ms, written: child.output[3] ?? '' };
}

/** What a subject used until its end. At its own exit Node may still compile: the bare `fetch` then lacks a third of its CPU time. */
function usageOf(subject: Subject, env: Env): Usage {
  const peak = ['--require', join(BENCH, 'peak.cjs')];
  const script = '"$@"; status=$?; times >&3; exit $status';
  const { written } = run(subject, env, ['bash', '-c', script, 'bash', process.execPath, ...peak]);
  // The peak, then the times of the shell, and those of what it ran: 0m0.060s 0m0.012s.
  const [bytes, , times = ''] = written.split('\n');
  const seconds = [...times.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => {
    return Number(minutes) * 60 + Number(rest);
  });
  return { cpuMs: seconds.reduce((sum, one) => sum + one, 0) * 1000, peakBytes: Number(bytes) };
}

/** Measures the subjects in turn, and prints them beside the last. The usage is of runs of its own, since it adds a millisecond or two. */
function measure<const Subjects extends readonly Subject[]>(
  title: string,
  subjects: Subjects,
  env: Env,
  rounds: number,
): { [Position in keyof Subjects]: Measured } {
  const runs = subjects.map(() => [] as Measured[]);
  for (let round = 0; round < rounds; round++) {
    for (const [at, subject] of subjects.entries()) {
      runs[at]?.push({ ms: run(subject, env).ms, ...usageOf(subject, env) });
    }
  }
  const measured = runs.map((all) => ({
    ms: median(all.map(({ ms }) => ms)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
    peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)),
  }));
  const last = measured.at(-1) as Measured;
  console.log(`\n${title}, ${rounds} rounds`);
  const rows = measured.map(({ ms, cpuMs, peakBytes }, at) => [
    subjects[at]?.name ?? '',
    {
      'wall ms': rounded(ms),
      '÷ last': rounded(ms / last.ms),
      'CPU ms': rounded(cpuMs),
      '÷ last ': rounded(cpuMs / last.cpuMs),
      'peak MB': rounded(peakBytes / MB),
    },
  ]);
  console.table(Object.fromEntries(rows));
  return measured as unknown as { [Position in keyof Subjects]: Measured };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

/** Prints a value, its limit, and whether the limit is met. */
function target(what: string, value: number, limit: number, unit = ''): void {
  const verdict = value <= limit ? 'met    ' : 'NOT MET';
  console.log(`${verdict}  ${what}: ${rounded(value)}${unit} (at most ${limit}${unit})`);
}

/** Compares the step with a bare script that sends the same two requests. */
async function benchStart(common: Env): Promise<void> {
  const env = { ...common, INPUT_SCORE: '9', INPUT_META: '{"dataset":"support-v3"}' };
  for (const [at, subject] of [STEP, FETCH, NOTHING, END].entries()) {
    run(subject, { ...env, INPUT_SCORE: String(at) });
    const { methods, score } = await happened();
    if (methods.join() !== subject.requests.join() || (methods.length > 0 && score !== at))
      throw new Error(`${subject.name} sent the requests [${methods}] and left the score ${score}.`);
  }
  const [nothing, end, step, fetch] = measure('The step, over TLS', [NOTHING, END, STEP, FETCH], env, 41);
  target('the step ÷ bare fetch', step.ms / fetch.ms, 0.65);
  target('the step ÷ bare fetch, CPU time', step.cpuMs / fetch.cpuMs, 0.65);
  target('peak memory of the step', step.peakBytes / MB, 64, ' MB');
  target('the end with nothing to do ÷ node -e 0', end.ms / nothing.ms, 1.3);
  const kilobytes = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + statSync(join(DIST, name)).size, 0) / 1000;
  target('dist, what every step loads', kilobytes(['index.js', 'step.js', 'shared.js']), 240, ' kB');
  target('dist, all files', kilobytes(readdirSync(DIST)), 460, ' kB');
}

/** Compares the step on JUnit files of growing size with its XML parser alone. */
async function benchJunit(common: Env): Promise<void> {
  const path = join(folder, 'junit.xml');
  const env = { ...common, INPUT_RESULTS_FILE: path };
  const measureFile = async (title: string, cases: number, rounds: number) => {
    run(STEP, env);
    const { meta } = await happened();
    if (meta['test.total'] !== cases) throw new Error(`The step recorded ${JSON.stringify(meta)}.`);
    return measure(title, [STEP, PARSER], env, rounds);
  };
  for (const [megabytes, rounds, limit] of [
    [10, 11, 1.75],
    [100, 5, 1.5],
  ] as const) {
    const cases = await writeJunitFile(path, megabytes);
    const [step, parser] = await measureFile(`JUnit, ${megabytes} MB`, cases, rounds);
    target(`the step ÷ bare parser, ${megabytes} MB`, step.ms / parser.ms, limit);
    target(`the step ÷ bare parser, ${megabytes} MB, CPU time`, step.cpuMs / parser.cpuMs, limit);
  }
  const [pytest] = await measureFile('as pytest writes it, 500,000 cases', await writePytestFile(path), 3);
  target('peak memory of the step, 500,000 cases of pytest', pytest.peakBytes / MB, 150, ' MB');
  const [step] = await measureFile('JUnit, 200 MB', await writeJunitFile(path, 200), 3);
  target('peak memory of the step, 200 MB', step.peakBytes / MB, 300, ' MB');
}

const PARTS: Readonly<Record<string, typeof benchStart>> = { start: benchStart, junit: benchJunit };
const [name] = process.argv.slice(2);
const parts = name === undefined ? Object.values(PARTS) : [PARTS[name]];
try {
  const [{ baseUrl, key, id }] = await once(server, 'message');
  const event = join(folder, 'event.json');
  writeFileSync(event, '{}');
  const files = { output: 'output', state: 'state', step_summary: 'summary' };
  const paths = Object.entries(files).map(([file, path]) => [file, join(folder, path)]);
  const contexts = contextsOf({}, { event_path: event, ...Object.fromEntries(paths) }, { temp: folder });
  const inputs = { base_url: baseUrl, api_key: key, span_id: id };
  const env = {
    ...contextVariables(contexts),
    ...inputVariables(await readAction(), inputs, contexts),
    // Reading a certificate takes time, so all subjects do it.
    NODE_EXTRA_CA_CERTS: pathOf('loopback-cert.pem'),
  };
  console.log(`Node ${process.version}`);
  for (const part of parts) {
    if (part === undefined) throw new Error(`Usage: npm run bench [-- ${Object.keys(PARTS).join('|')}]`);
    await part(env);
  }
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
