import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluate, runStep, type StepOptions } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'runner-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ACTION = `
inputs:
  score: { description: A }
  mode: { description: B, default: merge }
  loud: { description: C, default: true }
  two words: { description: D, default: x }
  status: { description: E, default: '\${{ job.status }}' }
  matrix: { description: F, default: '\${{ toJSON(matrix) }}' }
  check: { description: G, default: 'run \${{ job.check_run_id }}!' }
runs: { using: node24, main: main.mjs }
`;
writeFileSync(join(folder, 'action.yml'), ACTION);

/** The variables that a process needs to start. Windows and macOS always add a few more. */
// biome-ignore format: one list
const SYSTEM = [
  'COMSPEC', 'HOME', 'PATHEXT', 'SYSTEMDRIVE', 'SYSTEMROOT', 'TEMP', 'TMPDIR', 'WINDIR',
  'HOMEDRIVE', 'HOMEPATH', 'LOGONSERVER', 'USERDOMAIN', 'USERNAME', 'USERPROFILE', '__CF_USER_TEXT_ENCODING',
];

let scripts = 0;
/** Runs a script as an action's step. It can use `env`, `write(text)` and `append(variable, text)`. */
function step(script: string, options: StepOptions = {}) {
  const entry = join(folder, `step-${scripts++}.mjs`);
  const prelude = `
    import { appendFileSync } from 'node:fs';
    const { env } = process;
    const write = (text) => process.stdout.write(text);
    const append = (variable, text) => appendFileSync(env[variable], text);
  `;
  writeFileSync(entry, prelude + script);
  return runStep({ action: join(folder, 'action.yml'), entry, ...options });
}

async function environment(options: StepOptions = {}): Promise<Record<string, string>> {
  const { stdout } = await step('write(JSON.stringify(env))', options);
  return JSON.parse(stdout);
}

describe('inputs', () => {
  const inputs = (env: Record<string, string>) =>
    Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('INPUT_')));

  it('have their defaults, with expressions evaluated', async () => {
    expect(inputs(await environment())).toEqual({
      INPUT_SCORE: '',
      INPUT_MODE: 'merge',
      INPUT_LOUD: 'true',
      INPUT_TWO_WORDS: 'x',
      INPUT_STATUS: 'success',
      INPUT_MATRIX: 'null',
      INPUT_CHECK: 'run 41234567890!',
    });
  });

  it('are passed as given, even if empty, in any case of their names', async () => {
    const env = await environment({
      with: { Score: '9\n\n', mode: '', 'two words': ' y ' },
      context: { job: { status: 'failure', check_run_id: undefined }, matrix: { os: 'linux', node: 24 } },
    });
    expect(inputs(env)).toEqual({
      INPUT_SCORE: '9\n\n',
      INPUT_MODE: '',
      INPUT_LOUD: 'true',
      INPUT_TWO_WORDS: ' y ',
      INPUT_STATUS: 'failure',
      INPUT_MATRIX: '{\n  "os": "linux",\n  "node": 24\n}',
      INPUT_CHECK: 'run !',
    });
  });

  it('that the action does not declare are passed on with a warning', async () => {
    const { stdout, annotations } = await step('write(env.INPUT_SCROE)', { with: { scroe: '9' } });
    const valid = "'score', 'mode', 'loud', 'two words', 'status', 'matrix', 'check'";
    expect({ stdout, annotations }).toEqual({
      stdout: '9',
      annotations: [
        {
          level: 'warning',
          title: '',
          message: `Unexpected input(s) 'scroe', valid inputs are [${valid}]`,
        },
      ],
    });
  });

  it.each([
    '${{ secrets.KEY }}',
    '${{ env.X }}',
    "${{ job.status == 'success' }}",
    '${{ github }}',
    '${{ }}',
  ])('cannot have the default %s', (template) => {
    expect(() => evaluate(template, { job: { status: 'success' }, github: {} })).toThrow('${{');
  });
});

describe('the environment', () => {
  it('contains what the runner sets, and nothing from the caller', async () => {
    process.env.OPPER_API_KEY = 'op-the-callers-own';
    process.env.HTTPS_PROXY = 'http://127.0.0.1:9';
    try {
      const { PATH: _, ...env } = await environment({ cwd: folder });
      const own = Object.keys(env).filter((name) => !/^(GITHUB|INPUT|RUNNER)_/.test(name));
      expect(own.filter((name) => !SYSTEM.includes(name.toUpperCase()))).toEqual(['CI']);
      expect(env).toMatchObject({
        GITHUB_ACTIONS: 'true',
        GITHUB_REF_NAME: 'main',
        GITHUB_WORKSPACE: folder,
      });
    } finally {
      delete process.env.OPPER_API_KEY;
      delete process.env.HTTPS_PROXY;
    }
  });

  it('follows the ref and the event, has what the step sets, and not what is missing', async () => {
    const event = { number: 7, text: 'ä' };
    const { stdout } = await step(
      `import { readFileSync } from 'node:fs'; write(JSON.stringify([env, readFileSync(env.GITHUB_EVENT_PATH, 'utf8')]));`,
      {
        context: { github: { ref: 'refs/tags/v1.2', repository: 'octo/app' } },
        env: { OPPER_API_KEY: 'op-x', GITHUB_SHA: undefined },
        event,
        outputFile: false,
        summaryFile: false,
      },
    );
    const [env, content] = JSON.parse(stdout);
    expect(env).toMatchObject({
      GITHUB_REF_NAME: 'v1.2',
      GITHUB_REF_TYPE: 'tag',
      GITHUB_REPOSITORY_OWNER: 'octo',
      OPPER_API_KEY: 'op-x',
    });
    const missing = ['GITHUB_SHA', 'GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV'];
    expect(missing.filter((name) => name in env)).toEqual(['GITHUB_ENV']);
    expect(JSON.parse(content)).toEqual(event);
  });
});

it('returns everything that a step did', async () => {
  const { durationMs, stdout, stderr, ...result } = await step(
    `
    write('hello\\n::add-mask::s3cret\\n::warning title=A%2C b::x%0Ay s3cret\\nmy s3cret\\n');
    append('GITHUB_OUTPUT', 'score=9\\nmeta<<EOF\\n{\\n}\\nEOF\\n');
    append('GITHUB_STEP_SUMMARY', '# Done\\n');
    append('GITHUB_ENV', 'A=1\\n');
    append('GITHUB_STATE', 'B=2\\n');
    process.exitCode = 3;
  `,
  );
  expect(result).toEqual({
    exitCode: 3,
    signal: null,
    timedOut: false,
    log: ['hello', 'my ***'],
    annotations: [{ level: 'warning', title: 'A, b', message: 'x\ny ***' }],
    masks: ['s3cret'],
    commands: [
      { version: 2, name: 'add-mask', properties: {}, message: 's3cret' },
      { version: 2, name: 'warning', properties: { title: 'A, b' }, message: 'x\ny s3cret' },
    ],
    outputs: { score: '9', meta: '{\n}' },
    summary: '# Done\n',
    env: 'A=1\n',
    state: 'B=2\n',
  });
  expect(stdout).toBe('hello\n::add-mask::s3cret\n::warning title=A%2C b::x%0Ay s3cret\nmy s3cret\n');
  expect(stderr).toBe('');
  expect(durationMs).toBeGreaterThan(0);
});

it('reads commands from stderr too', async () => {
  const { annotations, stderr, log } = await step(`console.error('::error::no'); console.error('why');`);
  expect({ annotations, stderr, log }).toEqual({
    annotations: [{ level: 'error', title: '', message: 'no' }],
    stderr: '::error::no\nwhy\n',
    log: ['why'],
  });
});

it('kills a child that exceeds its time limit', async () => {
  const { exitCode, signal, timedOut, log } = await step(`write('begun\\n'); setInterval(() => {}, 1000);`, {
    timeoutMs: 1000,
  });
  expect({ exitCode, signal, timedOut, log }).toEqual({
    exitCode: null,
    signal: 'SIGKILL',
    timedOut: true,
    log: ['begun'],
  });
});

it('removes its folder, also when the outputs are malformed', async () => {
  const note = join(folder, 'workspace.txt');
  const script = `appendFileSync(${JSON.stringify(note)}, process.cwd()); append('GITHUB_OUTPUT', 'a<<EOF\\nb\\n');`;
  await expect(step(script)).rejects.toThrow("Matching delimiter not found 'EOF'");
  const workspace = readFileSync(note, 'utf8');
  expect([basename(workspace), existsSync(dirname(workspace))]).toEqual(['workspace', false]);
});
