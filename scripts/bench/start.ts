import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../build.ts';
import { type Bench, measure, NODE, printRow, printTarget, run, STEP, type Subject } from './measure.ts';

const ROOT = join(import.meta.dirname, '../..');
const ROUNDS = 41;
const MIB = 1024 * 1024;
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
  requests: STEP.requests,
};

/** What the step costs next to what it replaces: other programs that make the same two requests. */
export async function benchStart(bench: Bench): Promise<void> {
  const { requests } = STEP;
  const tools = ['curl', 'jq'].every((command) => spawnSync(command, ['--version']).status === 0);
  const subjects: readonly [Subject, Subject, Subject, ...Subject[]] = [
    STEP,
    { name: 'bare fetch', command: [NODE, join(ROOT, 'scripts/bench/fetch.mjs')], requests },
    { name: 'official SDK, bundled', command: [NODE, await bundledSdk()], requests },
    { name: 'node -e 0', command: [NODE, '-e', '0'], requests: [] },
    ...(tools ? [CURL_AND_JQ] : []),
  ];
  const env = { ...bench.env, INPUT_SCORE: '9', INPUT_META: '{"dataset":"support-v3"}' };
  await verify(subjects, env, bench);
  const measured = measure(subjects, env, ROUNDS);
  const [step, bare, sdk] = measured;

  console.log(`\nThe step next to what it replaces, ${ROUNDS} rounds`);
  if (!tools) console.log('curl or jq is not installed: that row is left out.');
  const titles = ['subject', 'wall ms', '÷ fetch', ' CPU ms', '÷ fetch', 'peak MiB'];
  printRow(titles);
  for (const [i, { ms, cpuMs, peakBytes }] of measured.entries()) {
    const name = subjects[i]?.name ?? '';
    printRow(titles, [name, ms, ms / bare.ms, cpuMs, cpuMs / bare.cpuMs, peakBytes / MIB]);
  }
  console.log();
  printTarget('the step ÷ bare fetch', step.ms / bare.ms, 1.2);
  printTarget('the step ÷ official SDK', step.ms / sdk.ms, 0.8);
  printTarget('peak memory of the step', step.peakBytes / MIB, 70, ' MiB');
  printTarget('dist/index.js', statSync(STEP.command[1] ?? '').size / 1000, 400, ' kB');
}

/** Runs each subject once with a score of its own, and throws unless just that was recorded with just those requests. */
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
  const cache = join(ROOT, 'node_modules/.cache/bench');
  mkdirSync(cache, { recursive: true });
  const path = join(cache, 'sdk.cjs');
  const { code } = await pack('scripts/bench/sdk.ts');
  writeFileSync(path, code);
  return path;
}
