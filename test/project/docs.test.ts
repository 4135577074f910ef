import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { startSpanServer } from '../harness/span-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script of this repository in `folder`. */
function run(script: string, ...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', script), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stderr };
}

/** examples/outputs.yml with some things replaced, as a file in `folder`. */
function broken(name: string, edits: Readonly<Record<string, string>>): string {
  const workflow = Object.entries(edits).reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, read('examples/outputs.yml'));
  writeFileSync(join(folder, name), workflow);
  return name;
}

describe('npm run check', () => {
  it('has the checks of docs and workflows among its own', () => {
    const check = read('scripts/check.ts');
    const commands = [...check.matchAll(/command: '(node .*)'/g)].map(([, command]) => command);
    expect(commands).toEqual(
      expect.arrayContaining([
        'node scripts/docs.ts --check',
        'node scripts/lint-workflows.ts',
        'node scripts/schema.ts --check',
      ]),
    );
  });

  it('finds what is wrong in workflows and examples, each with its line', () => {
    const [action = ''] = /\S+\/opper-span-action@v1/.exec(read('examples/outputs.yml')) ?? [];
    const checkout = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
    const files = [
      broken('0-unknown-input.yml', { 'results_file:': 'result_file:' }),
      broken('1-unknown-input-of-own-copy.yml', { [action]: './', 'end_time:': 'endtime:' }),
      broken('2-unknown-key.yml', { 'runs-on: ubuntu-latest': 'runs-on: ubuntu-latest\n    timeout: 5' }),
      broken('3-tag.yml', { [`${checkout} # v7.0.1`]: 'actions/checkout@v7' }),
      broken('4-no-version.yml', { [`${checkout} # v7.0.1`]: checkout }),
      broken('5-injection.yml', { '--junit reports': '--junit ${{ github.head_ref }}' }),
      broken('6-permissions.yml', { 'permissions: {}': 'permissions: write-all' }),
      broken('7-unknown-step.yml', { 'steps.record.outputs.outcome': 'steps.recorded.outputs.outcome' }),
      broken('8-unknown-output.yml', {
        'SCORE: ${{ steps.record.outputs.score': 'SCORE: ${{ steps.record.outputs.scores',
      }),
    ];
    const { status, stderr } = run('lint-workflows.ts', ...files);
    const remedy = 'is not pinned; write its commit and beside it the version: @<40 hex> # v1.2.3';
    expect({ status, found: stderr.trim().split('\n') }).toEqual({
      status: 1,
      found: [
        "0-unknown-input.yml:34: Invalid action input 'result_file'",
        "1-unknown-input-of-own-copy.yml:36: Invalid action input 'endtime'",
        "2-unknown-key.yml:11: Unexpected value 'timeout'",
        `3-tag.yml:17: actions/checkout@v7 ${remedy}`,
        `4-no-version.yml:17: ${checkout} ${remedy}`,
        '5-injection.yml:23: An expression in run: is a way in for injected commands; hand it over in env:',
        '6-permissions.yml:1: permissions: {} is missing at the top; grant permissions job by job',
        '7-unknown-step.yml:41: Context access might be invalid: recorded',
        '8-unknown-output.yml:43: This action has no output scores',
      ],
    });
  });

  it('finds nothing wrong in what is there', () => {
    expect(run('lint-workflows.ts')).toEqual({ status: 0, stderr: '' });
    expect(run('docs.ts', '--check')).toEqual({ status: 0, stderr: '' });
    expect(run('schema.ts', '--check')).toEqual({ status: 0, stderr: '' });
  });

  it('finds README behind action.yml and behind the examples', () => {
    for (const path of ['README.md', 'docs', 'action.yml', 'examples']) {
      cpSync(join(ROOT, path), join(folder, 'copy', path), { recursive: true });
    }
    const edit = (path: string, from: string, to: string) => {
      const text = read(path);
      expect(text).toContain(from);
      writeFileSync(join(folder, 'copy', path), text.replace(from, to));
    };
    edit('action.yml', 'Address of the API.', 'Where the API is.');
    edit('examples/pytest.yml', 'case_spans: failed', 'case_spans: all');
    expect(run('docs.ts', '--check', join(folder, 'copy'))).toEqual({
      status: 1,
      stderr: 'README.md differs from its sources in: inputs, examples/pytest.yml.\n',
    });
    writeFileSync(join(folder, 'copy', 'examples', 'new.yml'), '');
    expect(run('docs.ts', '--check', join(folder, 'copy'))).toEqual({
      status: 1,
      stderr: expect.stringContaining('No document quotes or links examples/new.yml.'),
    });
  });
});

describe('npm run try', () => {
  const { OPPER_API_KEY: _, ...surroundings } = process.env;

  /** As npm does it: in the folder of package.json, with the caller's in `INIT_CWD`. */
  async function tryOut(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    nodeArgs: readonly string[] = [],
  ) {
    const child = spawn(process.execPath, [...nodeArgs, 'scripts/try.mjs', ...args], {
      cwd: ROOT,
      env: { ...surroundings, INIT_CWD: folder, ...env },
    });
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { exitCode, stdout, stderr };
  }

  it('says how it is used', async () => {
    const { exitCode, stdout, stderr } = await tryOut(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npm run try -- /);
  });

  it('says which Node it needs to one that could not load it', async () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})";
    expect(await tryOut([], {}, ['--import', old])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^This is Node 20\.20\.2; the action runs on Node 24\. /),
    });
  });

  it('finds the scenario behind a flag that npm kept to itself', async () => {
    const { exitCode, stdout, stderr } = await tryOut(['gate']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^Did you mean: npm run try -- --scenario gate\?\n\nUsage: /);
  });

  it("reads files of the caller's folder, and stores every number as it was given", async () => {
    writeFileSync(join(folder, 'result.json'), '{"accuracy": 9}');
    const inputs = ['results_file=result.json', 'results_format=json', 'score_pointer=/accuracy'];
    const { exitCode, stdout } = await tryOut([...inputs, 'meta={"id": 12345678901234567890}']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining('Its annotations: 0'),
    });
    const [, stored = ''] = stdout.split('The span as stored now');
    expect(stored).toContain('"id": 12345678901234567890');
    expect(stored).toContain('"score": 9');
  });

  it('keeps the job that it makes up from the real API', async () => {
    await using server = await startSpanServer();
    const { id } = server.create({ name: 'Eval', meta: { prompt_version: 12 } });
    const inputs = [`span_id=${id}`, `base_url=${server.baseUrl}`, 'meta={"dataset": "mine"}'];
    const { exitCode, stdout } = await tryOut(inputs, { OPPER_API_KEY: server.key });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('not recorded') });
    expect(server.span(id).meta).toEqual({ prompt_version: 12, dataset: 'mine' });
  });
});
