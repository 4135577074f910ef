import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it as sequential } from 'vitest';
import { SCENARIOS } from '../../scripts/try/scenarios.ts';
import { startSpanServer } from '../harness/span-server.ts';

// Each run has its own server.
const it = sequential.concurrent;

const folder = mkdtempSync(join(tmpdir(), 'try-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { OPPER_API_KEY: _, ...surroundings } = process.env;

/** `npm run try`, as npm starts it: in the folder of package.json, with the caller's in `INIT_CWD`. */
async function tryOut(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
) {
  const child = spawn(process.execPath, [...nodeArgs, 'scripts/try.mjs', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...surroundings, INIT_CWD: folder, ...env },
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode, stdout, stderr };
}

it('prints its usage', async () => {
  const { exitCode, stdout, stderr } = await tryOut(['--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: npm run try -- /);
});

it('says which Node it needs if run on one that cannot load it', async () => {
  const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})";
  expect(await tryOut([], {}, ['--import', old])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(/^This is Node 20\.20\.2; the action runs on Node 24\. /),
  });
});

it.each([
  ['after --', ['--list'], {}],
  ['kept by npm', [], { npm_config_list: 'true' }],
])('lists the scenarios with the flag %s', async (_, args, env) => {
  const { exitCode, stdout } = await tryOut(args, env);
  const names = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect({ exitCode, names }).toEqual({ exitCode: 0, names: Object.keys(SCENARIOS) });
});

it('runs a scenario, and says where its summary is', async () => {
  const { exitCode, stdout } = await tryOut(['gate']);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining(SCENARIOS.gate!.shows),
  });
  const [, page = ''] = /open (\S+summary\.html)/.exec(stdout) ?? [];
  expect(readFileSync(join(folder, page), 'utf8')).toContain('<title>Job summary</title>');
  expect(stdout).not.toContain('<details>');
  expect(stdout).toContain('npm run try -- --list');
});

it('shows how a pull request compares with main', async () => {
  const { stdout } = await tryOut(['compared']);
  expect(stdout).toMatch(/^Compared with main: score 100 → 75 \(−25\); commit 6dcb09b/m);
  expect(stdout).toMatch(/^ {2}✗ new: test_answers > test_invoice: /m);
  expect(stdout).toContain("score 75 is 25 below the baseline's 100, more than max_drop 5 allows");
});

it.each([
  ['nothing', /^nothing: expected input=value, or one of track, /],
  ['--nothing', /^--nothing: expected/],
  ['result_file=r.xml', /^result_file is not an input\. Did you mean results_file\?\n$/],
  ['min-score=80', /^min-score is not an input\. Did you mean min_score\?\n$/],
  ['results=r.xml', /^results is not an input of action\.yml\. There are: results_file, /],
])('rejects %s and says what there is', async (arg, message) => {
  const { exitCode, stdout, stderr } = await tryOut([arg]);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(message),
  });
});

it("reads files from the caller's folder, and stores every number as given", async () => {
  writeFileSync(join(folder, 'result.json'), '{"accuracy": 9}');
  const inputs = ['results_file=result.json', 'results_format=json', 'score_pointer=/accuracy'];
  const { exitCode, stdout } = await tryOut([...inputs, 'meta={"id": 12345678901234567890}']);
  expect(exitCode).toBe(0);
  const [, stored = ''] = stdout.split('The span as stored now');
  expect(stored).toContain('"id": 12345678901234567890');
  expect(stored).toContain('"score": 9');
});

it('does not send its made-up job to the real API', async () => {
  await using server = await startSpanServer();
  const { id } = server.create({ name: 'Eval', meta: { prompt_version: 12 } });
  const inputs = [`span_id=${id}`, `base_url=${server.baseUrl}`, 'meta={"dataset": "mine"}'];
  const { exitCode, stdout } = await tryOut(inputs, { OPPER_API_KEY: server.key });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('not recorded') });
  expect(server.span(id).meta).toEqual({ prompt_version: 12, dataset: 'mine' });
});

it.each<[string, string, number | undefined]>([
  ['track', 'success', 100],
  ['track-tests-fail', 'failure', 75],
  ['track-step-fails', 'failure', 100],
  ['track-cancelled', 'cancelled', undefined],
  ['track-no-results', 'failure', undefined],
  ['track-min-score', 'failure', 75],
  ['track-outage', 'success', 100],
])('the scenario %s ends with %s and the span is ended', async (name, status, score) => {
  const { exitCode, stdout } = await tryOut([name]);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining(`Status of the job: ${status}.`),
  });
  const span = /The span as stored now ─*\n(\{.*?\n\})/s.exec(stdout)?.[1] ?? '{}';
  const stored = JSON.parse(span);
  expect([typeof stored.end_time, stored.score]).toEqual(['string', score]);
});
