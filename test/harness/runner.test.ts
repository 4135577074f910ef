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
      const github = Object.entries(env).filter(([name]) => name.startsWith('GITHUB_'));
      const files = ['EVENT_PATH', 'OUTPUT', 'STEP_SUMMARY', 'ENV', 'STATE', 'PATH'].map(
        (name) => `GITHUB_${name}`,
      );
      expect(Object.fromEntries(github.filter(([name]) => !files.includes(name)))).toEqual({
        GITHUB_ACTION: '__acme_opper-span-action',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTOR: 'mona',
        GITHUB_ACTOR_ID: '583231',
        GITHUB_API_URL: 'https://api.github.com',
        GITHUB_BASE_REF: '',
        GITHUB_EVENT_NAME: 'push',
        GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
        GITHUB_HEAD_REF: '',
        GITHUB_JOB: 'eval',
        GITHUB_REF: 'refs/heads/main',
        GITHUB_REF_NAME: 'main',
        GITHUB_REF_PROTECTED: 'false',
        GITHUB_REF_TYPE: 'branch',
        GITHUB_REPOSITORY: 'acme/support-bot',
        GITHUB_REPOSITORY_ID: '1296269',
        GITHUB_REPOSITORY_OWNER: 'acme',
        GITHUB_REPOSITORY_OWNER_ID: '9919',
        GITHUB_RETENTION_DAYS: '90',
        GITHUB_RUN_ATTEMPT: '1',
        GITHUB_RUN_ID: '9123456789',
        GITHUB_RUN_NUMBER: '42',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_SHA: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
        GITHUB_TRIGGERING_ACTOR: 'mona',
        GITHUB_WORKFLOW: 'Evals',
        GITHUB_WORKFLOW_REF: 'acme/support-bot/.github/workflows/evals.yml@refs/heads/main',
        GITHUB_WORKFLOW_SHA: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
        GITHUB_WORKSPACE: folder,
      });
    } finally {
      delete process.env.OPPER_API_KEY;
      delete process.env.HTTPS_PROXY;
    }
  });

  it.each([
    ['refs/tags/v1.2', { ref_name: 'v1.2', ref_type: 'tag' }],
    ['refs/pull/7/merge', { ref_name: '7/merge', ref_type: 'branch' }],
    ['refs/heads/fix/a', { ref_name: 'fix/a', ref_type: 'branch' }],
  ])('follows the ref %s', async (ref, { ref_name, ref_type }) => {
    const env = await environment({ context: { github: { ref, repository: 'octo/app' } } });
    expect([env.GITHUB_REF, env.GITHUB_REF_NAME, env.GITHUB_REF_TYPE, env.GITHUB_REPOSITORY_OWNER]).toEqual([
      ref,
      ref_name,
      ref_type,
      'octo',
    ]);
  });

  it('has the variables that the step sets, and not those that it removes', async () => {
    const env = await environment({ env: { OPPER_API_KEY: 'op-x', GITHUB_SHA: undefined } });
    expect([env.OPPER_API_KEY, 'GITHUB_SHA' in env]).toEqual(['op-x', false]);
  });

  it('points to the event', async () => {
    const script = `import { readFileSync } from 'node:fs'; write(readFileSync(env.GITHUB_EVENT_PATH, 'utf8'));`;
    const { stdout } = await step(script, { event: { number: 7, text: 'ä' } });
    expect(JSON.parse(stdout)).toEqual({ number: 7, text: 'ä' });
  });

  it('has no files for commands if told so', async () => {
    const env = await environment({ outputFile: false, summaryFile: false });
    expect(['GITHUB_OUTPUT' in env, 'GITHUB_STEP_SUMMARY' in env, 'GITHUB_ENV' in env]).toEqual([
      false,
      false,
      true,
    ]);
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

it('passes arguments to Node', async () => {
  const { stdout } = await step('write(String(process.noDeprecation))', { nodeArgs: ['--no-deprecation'] });
  expect(stdout).toBe('true');
});

it('removes its folder, also when the outputs are malformed', async () => {
  const note = join(folder, 'workspace.txt');
  const script = `appendFileSync(${JSON.stringify(note)}, process.cwd()); append('GITHUB_OUTPUT', 'a<<EOF\\nb\\n');`;
  await expect(step(script)).rejects.toThrow("Matching delimiter not found 'EOF'");
  const workspace = readFileSync(note, 'utf8');
  expect([basename(workspace), existsSync(dirname(workspace))]).toEqual(['workspace', false]);
});

it('rejects an action for another runtime', async () => {
  const action = join(folder, 'old.yml');
  writeFileSync(action, 'runs: { using: node20, main: main.js }');
  await expect(runStep({ action })).rejects.toThrow(`${action}: runs.using is node20, not node24`);
});
