// `npm run bench [-- start|junit]` compares the step's time and memory with what it replaces, also on large files, and checks the
// targets. It runs whole processes in turn, so that a busy machine slows all of them alike: read the ratios. About two minutes.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { benchJunit } from './bench/junit.ts';
import type { Bench } from './bench/measure.ts';
import { benchStart } from './bench/start.ts';

const ROOT = join(import.meta.dirname, '..');
const CERTIFICATE = join(ROOT, 'test/harness/loopback-cert.pem');
const PARTS: Readonly<Record<string, (connect: (latencyMs: number) => Promise<Bench>) => Promise<void>>> = {
  start: benchStart,
  junit: benchJunit,
};

/** The environment of a step on the runner after a push to main, with action.yml's defaults and the runner's files. */
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
    GITHUB_STATE: join(folder, 'state'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_WORKFLOW: 'Evals',
    RUNNER_TEMP: folder,
    // Reading a certificate takes time, so all subjects do it.
    CURL_CA_BUNDLE: CERTIFICATE,
    NODE_EXTRA_CA_CERTS: CERTIFICATE,
    ...Object.fromEntries(
      Object.entries({ ...Object.fromEntries(values), ...given }).map(([name, value]) => [
        `INPUT_${name.toUpperCase()}`,
        value,
      ]),
    ),
  };
}

async function bench(parts: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const servers: ChildProcess[] = [];
  /** Starts a server that takes `latencyMs` for each response. */
  const connect = async (latencyMs: number): Promise<Bench> => {
    const server = fork(join(ROOT, 'scripts/bench/server.ts'), [String(latencyMs)]);
    servers.push(server);
    const [{ baseUrl, key, id }] = await once(server, 'message');
    return {
      folder,
      env: stepEnv(folder, { base_url: baseUrl, api_key: key, span_id: id }),
      async happened() {
        server.send('report');
        const [report] = await once(server, 'message');
        return report;
      },
    };
  };
  try {
    console.log(
      `Node ${process.version}: medians of whole processes; CPU time and peak memory as each process reports them when it ends`,
    );
    for (const part of parts) await PARTS[part]?.(connect);
  } finally {
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [part] = process.argv.slice(2);
if (part !== undefined && !Object.hasOwn(PARTS, part))
  throw new Error(`Usage: npm run bench [-- ${Object.keys(PARTS).join('|')}]`);
await bench(part === undefined ? Object.keys(PARTS) : [part]);
