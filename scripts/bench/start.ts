import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../build.ts';
import {
  type Bench,
  DIST,
  type Measured,
  measure,
  NODE,
  printRow,
  printTarget,
  run,
  STEP,
  type Subject,
} from './measure.ts';

const FOLDER = import.meta.dirname;
const ROUNDS = 41;
const ROUNDS_WITH_LATENCY = 11;
const MB = 1e6;

const { requests } = STEP;
const FETCH: Subject = { name: 'bare fetch', command: [NODE, join(FOLDER, 'fetch.cjs')], requests };
const HTTPS: Subject = { name: 'bare node:https', command: [NODE, join(FOLDER, 'https.cjs')], requests };
const NOTHING: Subject = { name: 'node -e 0', command: [NODE, '-e', '0'], requests: [] };
const END: Subject = {
  name: 'the end, nothing to do',
  command: [NODE, join(DIST, 'end.js')],
  requests: [],
};
const CURL_AND_JQ: Subject = {
  name: 'curl + jq',
  command: [
    'sh',
    '-c',
    `
      auth="Authorization: Bearer $INPUT_API_KEY" url="$INPUT_BASE_URL/spans/$INPUT_SPAN_ID"
      curl -sSf -H "$auth" "$url" |
        jq --argjson score "$INPUT_SCORE" --argjson meta "$INPUT_META" '{score: $score, meta: (.meta + $meta)}' |
        curl -sSf -X PATCH -H "$auth" -H 'Content-Type: application/json' -d @- "$url" | jq .score`,
  ],
  requests,
};

/** Compares the step with what it replaces: other programs that make the same two requests. */
export async function benchStart(connect: (latencyMs: number) => Promise<Bench>): Promise<void> {
  const sdk: Subject = { name: 'official SDK, bundled', command: [NODE, await bundledSdk()], requests };
  const tools = ['curl', 'jq'].every((command) => spawnSync(command, ['--version']).status === 0);
  if (!tools) console.log('curl or jq is not installed: that row is left out.');
  const subjects = [STEP, HTTPS, FETCH, sdk, NOTHING, END] as const;
  const others = tools ? [CURL_AND_JQ] : [];

  const [step, https, fetch, official, nothing, end] = await compare(
    subjects,
    others,
    await connect(0),
    ROUNDS,
  );
  await compare(
    [STEP, HTTPS, FETCH, sdk],
    others,
    await connect(100),
    ROUNDS_WITH_LATENCY,
    ', 100 ms of latency in each response',
  );

  console.log();
  printTarget('the step ÷ bare node:https', step.ms / https.ms, 1.35);
  printTarget('the step ÷ bare fetch', step.ms / fetch.ms, 0.65);
  printTarget('the step ÷ bare fetch, CPU time', step.cpuMs / fetch.cpuMs, 0.65);
  printTarget('the step ÷ official SDK', step.ms / official.ms, 0.5);
  printTarget('peak memory of the step', step.peakBytes / MB, 64, ' MB');
  printTarget('the end with nothing to do ÷ node -e 0', end.ms / nothing.ms, 1.3);
  const size = readdirSync(DIST).reduce((sum, name) => sum + statSync(join(DIST, name)).size, 0);
  printTarget('dist, all files', size / 1000, 400, ' kB');
}

async function compare<const Subjects extends readonly Subject[]>(
  subjects: Subjects,
  others: readonly Subject[],
  bench: Bench,
  rounds: number,
  note = '',
): Promise<{ [Position in keyof Subjects]: Measured }> {
  const env = { ...bench.env, INPUT_SCORE: '9', INPUT_META: '{"dataset":"support-v3"}' };
  const all = [...subjects, ...others];
  await verify(all, env, bench);
  const measured = measure(all, env, rounds);
  const base = measured[subjects.indexOf(FETCH)];
  console.log(`\nThe step compared with what it replaces, over TLS${note}, ${rounds} rounds`);
  const titles = ['subject', 'wall ms', '÷ fetch', ' CPU ms', '÷ fetch', 'peak MB'];
  printRow(titles);
  for (const [i, { ms, cpuMs, peakBytes }] of measured.entries()) {
    const [share, cpuShare] = base ? [ms / base.ms, cpuMs / base.cpuMs] : [];
    printRow(titles, [all[i]?.name ?? '', ms, share ?? NaN, cpuMs, cpuShare ?? NaN, peakBytes / MB]);
  }
  return measured as unknown as { [Position in keyof Subjects]: Measured };
}

/** Runs each subject once with a different score, and throws unless that score was recorded with exactly its requests. */
async function verify(subjects: readonly Subject[], env: Bench['env'], { happened }: Bench): Promise<void> {
  for (const [position, subject] of subjects.entries()) {
    run(subject, { ...env, INPUT_SCORE: String(position + 1) });
    const { methods, score } = await happened();
    const recorded = subject.requests.length === 0 || score === position + 1;
    if (methods.join() !== subject.requests.join() || !recorded) {
      throw new Error(`${subject.name} made the requests [${methods}] and left the score ${score}.`);
    }
  }
}

async function bundledSdk(): Promise<string> {
  const cache = join(FOLDER, '../../node_modules/.cache/bench');
  mkdirSync(cache, { recursive: true });
  const { files } = await pack({ sdk: 'scripts/bench/sdk.ts' });
  const common = { ...files, 'package.json': '{"type":"commonjs"}' };
  for (const [name, code] of Object.entries(common)) writeFileSync(join(cache, name), code);
  return join(cache, 'sdk.js');
}
