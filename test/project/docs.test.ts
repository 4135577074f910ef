import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The quick start with some things replaced, as a file in `folder`. */
function broken(name: string, edits: Readonly<Record<string, string>>): string {
  const whole = read('examples/quick-start.yml');
  const workflow = Object.entries(edits).reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, whole);
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
    const action = 'OWNER/opper-span-action@v1';
    const checkout = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
    const reader =
      '          end_time: now\n      - run: test "$A"\n        env: { A: "${{ steps.mine.outputs.scores }}" }';
    const files = [
      broken('0-unknown-input.yml', { 'score: $': 'scores: $' }),
      broken('1-unknown-input-of-own-copy.yml', { [action]: '../', 'end_time:': 'endtime:' }),
      broken('2-missing-input.yml', { '          span_id: ${{ steps.span.outputs.span_id }}\n': '' }),
      broken('3-unknown-key.yml', { 'runs-on: ubuntu-latest': 'runs-on: ubuntu-latest\n    timeout: 5' }),
      broken('4-tag.yml', { [`${checkout} # v7.0.1`]: 'actions/checkout@v7' }),
      broken('5-no-version.yml', { [`${checkout} # v7.0.1`]: checkout }),
      broken('6-injection.yml', { 'echo "score=87"': 'echo "score=${{ github.head_ref }}"' }),
      broken('7-permissions.yml', { 'permissions: {}': 'permissions: write-all' }),
      broken('8-unknown-step.yml', { 'steps.eval.outputs.score': 'steps.evaluate.outputs.score' }),
      broken('9-unknown-output.yml', {
        [action]: `${action}\n        id: mine`,
        '          end_time: now': reader,
      }),
    ];
    const { status, stderr } = run('lint-workflows.ts', ...files);
    const remedy = 'is not pinned; write its commit and beside it the version: @<40 hex> # v1.2.3';
    expect({ status, found: stderr.trim().split('\n') }).toEqual({
      status: 1,
      found: [
        "0-unknown-input.yml:36: Invalid action input 'scores'",
        "1-unknown-input-of-own-copy.yml:37: Invalid action input 'endtime'",
        '2-missing-input.yml:33: Missing required input `span_id`',
        "3-unknown-key.yml:9: Unexpected value 'timeout'",
        `4-tag.yml:12: actions/checkout@v7 ${remedy}`,
        `5-no-version.yml:12: ${checkout} ${remedy}`,
        '6-injection.yml:29: An expression in run: is a way in for injected commands; hand it over in env:',
        '7-permissions.yml:1: permissions: {} is missing at the top; grant permissions job by job',
        '8-unknown-step.yml:36: Context access might be invalid: evaluate',
        '9-unknown-output.yml:40: This action has no output scores',
      ],
    });
  });

  it('finds nothing wrong in what is there', () => {
    expect(run('lint-workflows.ts')).toEqual({ status: 0, stderr: '' });
    expect(run('docs.ts', '--check')).toEqual({ status: 0, stderr: '' });
    expect(run('schema.ts', '--check')).toEqual({ status: 0, stderr: '' });
  });

  it('finds README behind action.yml and behind the examples', () => {
    for (const path of ['README.md', 'action.yml', 'examples']) {
      cpSync(join(ROOT, path), join(folder, 'copy', path), { recursive: true });
    }
    const edit = (path: string, from: string, to: string) => {
      const text = read(path);
      expect(text).toContain(from);
      writeFileSync(join(folder, 'copy', path), text.replace(from, to));
    };
    edit('action.yml', 'UUID of the span to update or read.', 'UUID of the span.');
    edit('examples/gate.yml', 'min_score: 80', 'min_score: 90');
    expect(run('docs.ts', '--check', join(folder, 'copy'))).toEqual({
      status: 1,
      stderr: 'README.md differs from its sources in: inputs, examples/gate.yml.\n',
    });
    writeFileSync(join(folder, 'copy', 'examples', 'new.yml'), '');
    expect(run('docs.ts', '--check', join(folder, 'copy'))).toEqual({
      status: 1,
      stderr: expect.stringContaining('README.md neither quotes nor links examples/new.yml.'),
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

describe('the documents', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

  /** As GitHub makes the anchor of a heading. */
  function anchorOf(heading: string): string {
    return heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  }

  it('have no link into nothing', () => {
    const proseOf = (document: string) => read(document).replaceAll(/^```.*?^```$/gms, '');
    const anchorsOf = (document: string) =>
      [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    const dead = documents.flatMap((document) => {
      const targets = [...proseOf(document).matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
      const isDead = (target: string) => {
        const [path = '', anchor] = target.split('#');
        if (path !== '' && !existsSync(join(ROOT, path))) return true;
        return anchor !== undefined && !anchorsOf(path || document).includes(anchor);
      };
      const local = targets.filter((target) => !target.startsWith('https://'));
      return local.filter(isDead).map((target) => `${document}: ${target}`);
    });
    expect(dead).toEqual([]);
  });

  it('name every CI fact that is sent', () => {
    const factsIn = (text: string) =>
      new Set([...text.matchAll(/['`]((?:cicd|vcs|github)\.[a-z._]+)['`]/g)].map(([, fact]) => fact));
    const [, told = ''] = read('README.md').split('\n## What is sent, and what is not\n');
    expect(factsIn(told.split('\n## ')[0] ?? '')).toEqual(factsIn(read('src/ci.ts')));
  });

  it('explain only messages that the action has', () => {
    const source = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n');
    const [, table = ''] = read('README.md').split('\n## Troubleshooting\n');
    const messages = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) => message);
    expect(messages.length).toBeGreaterThan(15);
    // The name of the input is put before the message where it is shown.
    const parts = messages.map((message) => message.replace(/^[a-z_]+: /, ''));
    expect(parts.filter((part) => !source.includes(part))).toEqual([]);
  });
});
