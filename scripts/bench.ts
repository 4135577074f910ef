// `npm run bench -- [rounds]`: what the step costs next to what it replaces. Whole processes, in turn, so that a busy machine
// slows all of them alike: read the ratios.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { pack } from './build.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = 15;

interface Subject {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What it asks of the server, to be sure that the same work is compared. */
  readonly requests: readonly string[];
}

const NODE = process.execPath;
const CURL = `
  auth="Authorization: Bearer $INPUT_API_KEY" url="$INPUT_BASE_URL/spans/$INPUT_SPAN_ID"
  curl -sSf -H "$auth" "$url" |
    jq --argjson score "$INPUT_SCORE" --argjson meta "$INPUT_META" '{score: $score, meta: (.meta + $meta)}' |
    curl -sSf -X PATCH -H "$auth" -H 'Content-Type: application/json' -d @- "$url" | jq .score`;

function subjects(sdk: string): Subject[] {
  const requests = ['GET', 'PATCH'];
  return [
    { name: 'the step', command: [NODE, join(ROOT, 'dist/index.js')], requests },
    { name: 'bare fetch', command: [NODE, join(ROOT, 'scripts/bench/fetch.mjs')], requests },
    { name: 'official SDK, bundled', command: [NODE, sdk], requests },
    { name: 'curl + jq', command: ['sh', '-c', CURL], requests },
    { name: 'node -e 0', command: [NODE, '-e', '0'], requests: [] },
  ];
}

/** The environment of a step on the runner: action.yml's defaults, the files, and what a push to main gives. */
function stepEnv(folder: string, given: Readonly<Record<string, string>>): Record<string, string> {
  const { inputs } = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: string }>;
  };
  const contexts: Record<string, string> = {
    '${{ job.status }}': 'success',
    '${{ toJSON(matrix) }}': 'null',
    '${{ job.check_run_id }}': '41234567890',
  };
  const values = Object.entries(inputs).map(
    ([name, { default: text = '' }]) => [name, contexts[text] ?? text] as const,
  );
  const event = join(folder, 'event.json');
  writeFileSync(event, '{}');
  return {
    PATH: process.env.PATH ?? '',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'octocat',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: event,
    GITHUB_JOB: 'eval',
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: 'octocat/hello-world',
    GITHUB_REPOSITORY_OWNER: 'octocat',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: '1234567890',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_WORKFLOW: 'Evals',
    ...Object.fromEntries(
      Object.entries({ ...Object.fromEntries(values), ...given }).map(([name, value]) => [
        `INPUT_${name.toUpperCase()}`,
        value,
      ]),
    ),
  };
}

/** Runs a subject once, with fresh files of the runner, and throws when it fails. `extra` is what it wrote to file descriptor 3. */
function run(
  { name, command: [file, ...args] }: Subject,
  env: Readonly<Record<string, string>>,
  options: { readonly nodeArgs?: readonly string[] } = {},
): { ms: number; extra: string } {
  for (const path of [env.GITHUB_OUTPUT, env.GITHUB_STEP_SUMMARY])
    if (path !== undefined) writeFileSync(path, '');
  const start = performance.now();
  const child = spawnSync(file, [...(options.nodeArgs ?? []), ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ms = performance.now() - start;
  if (child.status !== 0)
    throw new Error(`${name} failed.\n${child.error ?? ''}${child.stdout}${child.stderr}`);
  return { ms, extra: child.output[3] ?? '' };
}

/** Asks the server what happened since the last time. */
async function happened(server: ChildProcess): Promise<{ methods: string[]; score: number | null }> {
  server.send('report');
  const [report] = await once(server, 'message');
  return report;
}

/** Runs each subject once with a score of its own, and throws unless just that was recorded with just those requests. */
async function verify(
  all: readonly Subject[],
  env: Readonly<Record<string, string>>,
  server: ChildProcess,
): Promise<void> {
  for (const [position, subject] of all.entries()) {
    run(subject, { ...env, INPUT_SCORE: String(position + 1) });
    const { methods, score } = await happened(server);
    const recorded = subject.requests.length === 0 || score === position + 1;
    if (methods.join() !== subject.requests.join() || !recorded) {
      throw new Error(`${subject.name} made the requests [${methods}] and left the score ${score}.`);
    }
  }
}

const PEAK = pathToFileURL(join(ROOT, 'scripts/bench/peak.mjs')).href;

/** Peak resident memory of a subject in MiB; only Node can tell. */
function peakMiB(subject: Subject, env: Readonly<Record<string, string>>): number | undefined {
  if (subject.command[0] !== NODE) return undefined;
  const peaks = Array.from({ length: 3 }, () =>
    Number(run(subject, env, { nodeArgs: ['--import', PEAK] }).extra),
  );
  return median(peaks) / 1024;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function installed(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

async function bench(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const server = fork(join(ROOT, 'scripts/bench/server.ts'));
  try {
    const cache = join(ROOT, 'node_modules/.cache/bench');
    mkdirSync(cache, { recursive: true });
    const sdk = join(cache, 'sdk.mjs');
    const [[{ baseUrl, key, id }], { code }] = await Promise.all([
      once(server, 'message'),
      pack('scripts/bench/sdk.ts'),
    ]);
    writeFileSync(sdk, code);
    const env = stepEnv(folder, {
      base_url: baseUrl,
      api_key: key,
      span_id: id,
      score: '9',
      meta: '{"dataset":"support-v3"}',
    });

    const tools = installed('curl') && installed('jq');
    if (!tools) console.log('curl or jq is not installed: that row is left out.');
    const all = subjects(sdk).filter(({ name }) => tools || name !== 'curl + jq');
    await verify(all, env, server);

    const times = new Map<Subject, number[]>(all.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++)
      for (const [subject, ms] of times) ms.push(run(subject, env).ms);
    const rows = all.map((subject) => ({
      name: subject.name,
      ms: median(times.get(subject) ?? []),
      peak: peakMiB(subject, env),
    }));
    const base = rows.find(({ name }) => name === 'bare fetch')?.ms ?? Number.NaN;

    console.log(`Node ${process.version}, medians of ${rounds} rounds\n`);
    console.log(
      `${'subject'.padEnd(24)}${'ms'.padStart(8)}${'× bare fetch'.padStart(15)}${'peak MiB'.padStart(11)}`,
    );
    for (const { name, ms, peak } of rows) {
      const cells = [
        ms.toFixed(1).padStart(8),
        (ms / base).toFixed(2).padStart(15),
        (peak?.toFixed(1) ?? '').padStart(11),
      ];
      console.log(name.padEnd(24) + cells.join(''));
    }
    const ratio = (rows[0]?.ms ?? Number.NaN) / (rows[2]?.ms ?? Number.NaN);
    console.log(`\nthe step ÷ official SDK: ${ratio.toFixed(2)}`);
    console.log(`dist/index.js: ${(statSync(join(ROOT, 'dist/index.js')).size / 1000).toFixed(1)} kB`);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

await bench(Number(process.argv[2] ?? ROUNDS));
