import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import {
  type Annotation,
  type Command,
  createLineReader,
  createProcessor,
  parseKeyValueFile,
} from './commands.ts';

export interface StepOptions {
  /** The step's `with:`. An input that is not named gets action.yml's default. */
  readonly with?: Readonly<Record<string, string>>;
  /** The step's `env:`. Unlike on GitHub it wins over the runner's own variables; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The contexts of the job, over those of a push to `main` in a job that succeeded so far. */
  readonly context?: {
    readonly github?: Readonly<Record<string, unknown>>;
    readonly job?: Readonly<Record<string, unknown>>;
    readonly matrix?: Readonly<Record<string, unknown>> | null;
    readonly strategy?: Readonly<Record<string, unknown>>;
    readonly runner?: Readonly<Record<string, unknown>>;
  };
  /** The payload of the event that started the workflow. */
  readonly event?: object;
  /** `false`: there is no `GITHUB_STEP_SUMMARY`, as on old servers. */
  readonly summaryFile?: boolean;
  /** `false`: there is no `GITHUB_OUTPUT`. */
  readonly outputFile?: boolean;
  /** The action file. Default: this project's. */
  readonly action?: string;
  /** The script to run. Default: `runs.main` of the action file. */
  readonly entry?: string;
  readonly nodeArgs?: readonly string[];
  /** After this the child is killed. Default: 30 000. */
  readonly timeoutMs?: number;
  /** The workspace. Default: an empty folder, removed afterwards. */
  readonly cwd?: string;
}

export interface StepResult {
  /** `null` when a signal ended the child. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The child took longer than `timeoutMs` and was killed. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** What a reader of the job's log sees: no commands, secrets as `***`. */
  readonly log: readonly string[];
  readonly annotations: readonly Annotation[];
  readonly masks: readonly string[];
  readonly commands: readonly Command[];
  readonly outputs: Readonly<Record<string, string>>;
  /** The Markdown of the job summary. */
  readonly summary: string;
  /** What the step wrote to `GITHUB_ENV`. */
  readonly env: string;
  /** What the step wrote to `GITHUB_STATE`. */
  readonly state: string;
  readonly durationMs: number;
}

interface ActionFile {
  readonly inputs?: Readonly<Record<string, { readonly default?: string | number | boolean } | null>>;
  readonly runs: { readonly using: string; readonly main: string };
}

type Contexts = Readonly<Record<'github' | 'job' | 'matrix' | 'strategy' | 'runner', unknown>>;

/**
 * Does with an action what the GitHub runner does with its step: inputs with their defaults, the environment, the files, a child process
 * on Node 24, and the reading of what the child printed and wrote. Nothing of the caller's environment reaches the child but what
 * a process needs to start. Throws when the outputs file is malformed, or the action file asks for what is not known here.
 */
export async function runStep(options: StepOptions = {}): Promise<StepResult> {
  const actionPath = resolve(options.action ?? fileURLToPath(new URL('../../action.yml', import.meta.url)));
  const action = parse(await readFile(actionPath, 'utf8')) as ActionFile;
  if (action.runs.using !== 'node24')
    throw new Error(`${actionPath}: runs.using is ${action.runs.using}, not node24`);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24)
    throw new Error(
      `The action runs on Node 24, this is Node ${process.versions.node}. Start it through npm run.`,
    );

  const temp = await mkdtemp(join(tmpdir(), 'step-'));
  try {
    const workspace = options.cwd ?? join(temp, 'workspace');
    await mkdir(workspace, { recursive: true });
    const files = await createFiles(temp, options);
    const github = githubContext(options.context?.github ?? {}, workspace, files);
    const contexts: Contexts = {
      matrix: null,
      ...options.context,
      github,
      job: { status: 'success', check_run_id: 41_234_567_890, ...options.context?.job },
      strategy: {
        'fail-fast': true,
        'job-index': 0,
        'job-total': 1,
        'max-parallel': 1,
        ...options.context?.strategy,
      },
      runner: {
        os: runnerOs(),
        arch: arch().toUpperCase(),
        name: 'loopback',
        temp,
        ...options.context?.runner,
      },
    };
    const env = {
      ...systemEnv(),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ...variables('GITHUB_', github),
      ...variables('RUNNER_', contexts.runner as Record<string, unknown>),
      ...inputVariables(action, options.with ?? {}, contexts),
      ...options.env,
    };

    const processor = createProcessor();
    const unexpected = unexpectedInputs(action, options.with ?? {});
    if (unexpected !== undefined)
      processor.result.annotations.push({ level: 'warning', title: '', message: unexpected });
    const entry = resolve(options.entry ?? join(dirname(actionPath), action.runs.main));
    const child = await runChild([...(options.nodeArgs ?? []), entry], {
      cwd: workspace,
      env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
      timeoutMs: options.timeoutMs ?? 30_000,
      onLine: processor.line,
    });
    const { outputs, ...processed } = processor.result;
    return {
      ...child,
      ...processed,
      outputs: { ...outputs, ...parseKeyValueFile(await read(files.output)) },
      summary: await read(files.step_summary),
      env: await read(files.env),
      state: await read(files.state),
    };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** One variable per input: the default of each that the action declares, under what the step gives. */
function inputVariables(
  action: ActionFile,
  given: Readonly<Record<string, string>>,
  contexts: Contexts,
): Record<string, string> {
  const defaults = Object.entries(action.inputs ?? {}).map(
    ([name, input]) => [name, evaluate(String(input?.default ?? ''), contexts)] as const,
  );
  const inputs = [...defaults, ...Object.entries(given)];
  return Object.fromEntries(
    inputs.map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

/** The runner only warns about an input that the action does not declare. */
function unexpectedInputs(action: ActionFile, given: Readonly<Record<string, string>>): string | undefined {
  const valid = Object.keys(action.inputs ?? {});
  const lower = new Set(valid.map((name) => name.toLowerCase()));
  const unexpected = Object.keys(given).filter((name) => !lower.has(name.toLowerCase()));
  if (unexpected.length === 0) return undefined;
  return `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${valid.join("', '")}']`;
}

/**
 * Fills the `${{ }}` of a text. Knows property paths and `toJSON(path)`, which is all an action's defaults need, and throws on
 * anything else. What a path does not find is empty, as on GitHub.
 */
export function evaluate(template: string, contexts: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\$\{\{(.*?)\}\}/gs, (whole, expression: string) => {
    const json = /^\s*toJSON\((.*)\)\s*$/is.exec(expression)?.[1];
    const path = (json ?? expression).trim();
    if (!/^[a-z_][\w-]*(\.[a-z_][\w-]*)*$/i.test(path))
      throw new Error(`The harness cannot evaluate ${whole}`);
    const [root = '', ...rest] = path.split('.');
    if (!Object.hasOwn(contexts, root))
      throw new Error(`${whole}: an input's default has no context '${root}'`);
    let value = contexts[root];
    for (const key of rest) value = (value as Record<string, unknown> | null | undefined)?.[key];
    if (json !== undefined) return JSON.stringify(value ?? null, null, 2);
    if (typeof value === 'object' && value !== null) throw new Error(`${whole} is an object, not a text`);
    return String(value ?? '');
  });
}

interface StepFiles {
  readonly event_path: string;
  readonly output: string | undefined;
  readonly step_summary: string | undefined;
  readonly env: string;
  readonly state: string;
  readonly path: string;
}

async function createFiles(temp: string, options: StepOptions): Promise<StepFiles> {
  const create = async (name: string, content = ''): Promise<string> => {
    await writeFile(join(temp, name), content);
    return join(temp, name);
  };
  return {
    event_path: await create('event.json', JSON.stringify(options.event ?? DEFAULT_EVENT)),
    output: options.outputFile === false ? undefined : await create('set_output'),
    step_summary: options.summaryFile === false ? undefined : await create('step_summary'),
    env: await create('set_env'),
    state: await create('save_state'),
    path: await create('add_path'),
  };
}

const REPOSITORY = 'acme/support-bot';
const DEFAULT_EVENT = {
  ref: 'refs/heads/main',
  repository: {
    name: 'support-bot',
    full_name: REPOSITORY,
    default_branch: 'main',
    owner: { login: 'acme' },
  },
  sender: { login: 'octocat' },
};

/** The `github` context; what follows from a given `ref` or `repository` follows, unless given too. */
function githubContext(
  given: Readonly<Record<string, unknown>>,
  workspace: string,
  files: StepFiles,
): Record<string, unknown> {
  const { ref = 'refs/heads/main', repository = REPOSITORY } = given;
  const [, kind, name] = /^refs\/(heads|tags|pull)\/(.+)$/.exec(String(ref)) ?? [];
  return {
    action: '__acme_opper-span-action',
    actor: 'octocat',
    actor_id: '583231',
    api_url: 'https://api.github.com',
    base_ref: '',
    event_name: 'push',
    graphql_url: 'https://api.github.com/graphql',
    head_ref: '',
    job: 'eval',
    ref_name: name ?? '',
    ref_protected: 'false',
    ref_type: kind === 'tags' ? 'tag' : 'branch',
    repository_id: '1296269',
    repository_owner: String(repository).split('/')[0],
    repository_owner_id: '9919',
    retention_days: '90',
    run_attempt: '1',
    run_id: '15123456789',
    run_number: '42',
    server_url: 'https://github.com',
    sha: '5c1b1d3a0a8b0c2c7d4e6f8091a2b3c4d5e6f708',
    triggering_actor: 'octocat',
    workflow: 'Evals',
    workflow_ref: `${repository}/.github/workflows/evals.yml@${ref}`,
    workflow_sha: '5c1b1d3a0a8b0c2c7d4e6f8091a2b3c4d5e6f708',
    workspace,
    ...files,
    ...given,
    ref,
    repository,
  };
}

/** The plain values of a context as variables; the runner leaves objects out. */
function variables(prefix: string, context: Readonly<Record<string, unknown>>): Record<string, string> {
  const plain = Object.entries(context).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(plain.map(([name, value]) => [`${prefix}${name.toUpperCase()}`, String(value)]));
}

function runnerOs(): string {
  return process.platform === 'win32' ? 'Windows' : process.platform === 'darwin' ? 'macOS' : 'Linux';
}

/** What a process needs to start at all: no proxy, no key, no Node option of the caller's. */
function systemEnv(): Record<string, string | undefined> {
  const { PATH, SystemRoot, SystemDrive, COMSPEC, PATHEXT, windir } = process.env;
  return {
    PATH,
    HOME: homedir(),
    TMPDIR: tmpdir(),
    TEMP: tmpdir(),
    SystemRoot,
    SystemDrive,
    COMSPEC,
    PATHEXT,
    windir,
  };
}

async function read(file: string | undefined): Promise<string> {
  return file === undefined ? '' : await readFile(file, 'utf8');
}

type Child = Pick<StepResult, 'exitCode' | 'signal' | 'timedOut' | 'stdout' | 'stderr' | 'durationMs'>;

function runChild(
  args: readonly string[],
  {
    cwd,
    env,
    timeoutMs,
    onLine,
  }: { cwd: string; env: NodeJS.ProcessEnv; timeoutMs: number; onLine: (line: string) => void },
): Promise<Child> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const texts = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      const lines = createLineReader(onLine);
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        lines.write(chunk);
      });
      stream.once('end', () => lines.end());
      return () => Buffer.concat(chunks).toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      clearTimeout(timer);
      const [stdout = '', stderr = ''] = texts.map((text) => text());
      resolve({ exitCode, signal, timedOut, stdout, stderr, durationMs: performance.now() - start });
    });
  });
}
