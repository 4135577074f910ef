import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Annotation, type Command, createProcessor, parseKeyValueFile } from './commands.ts';
import { type Contexts, contextsOf, contextVariables, DEFAULT_EVENT, type GivenContexts } from './context.ts';
import { type ProcessResult, runProcess, systemEnv } from './process.ts';

/** The surroundings of a step's process. */
export interface ProcessStepOptions {
  /** The step's `env:`. Unlike on GitHub it wins over the runner's own variables; `undefined` removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The contexts of the job, merged over those of a push to `main` in a job that has succeeded so far. */
  readonly context?: GivenContexts;
  /** The payload of the event that started the workflow. */
  readonly event?: object;
  /**
   * When the event file and its folder were last modified. Default: as on GitHub, where the folder is as old as the job, here very
   * old, and the runner writes the file again at every step.
   */
  readonly eventTimes?: { readonly folder: Date; readonly file: Date };
  /** Secrets that earlier steps of the job masked. */
  readonly masks?: readonly string[];
  /** `false`: no `GITHUB_STEP_SUMMARY`, as on old servers. */
  readonly summaryFile?: boolean;
  /** `false`: no `GITHUB_OUTPUT`. */
  readonly outputFile?: boolean;
  /** After this time the process is killed. Default: 30 000. */
  readonly timeoutMs?: number;
  /** Asks the process to end, as the runner does when the job is cancelled. */
  readonly interrupt?: AbortSignal;
  /** Kills the process. */
  readonly kill?: AbortSignal;
  /** The workspace. Default: an empty folder, removed afterwards. */
  readonly cwd?: string;
}

export interface StepOptions extends ProcessStepOptions {
  /** The step's `with:`. Other inputs get action.yml's default. */
  readonly with?: Readonly<Record<string, string>>;
  /** The action file. Default: this project's. */
  readonly action?: string;
  /** Which of the action's scripts to run. Default: `main`. */
  readonly stage?: 'main' | 'post';
  /** A script to run instead. */
  readonly entry?: string;
  /** What an earlier stage saved. */
  readonly state?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

export interface StepResult extends ProcessResult {
  /** The log as a reader sees it: without commands, secrets as `***`. */
  readonly log: readonly string[];
  readonly annotations: readonly Annotation[];
  /** What is masked from now on. */
  readonly masks: readonly string[];
  readonly commands: readonly Command[];
  readonly outputs: Readonly<Record<string, string>>;
  /** The Markdown of the job summary. */
  readonly summary: string;
  /** What the step wrote to `GITHUB_ENV`. */
  readonly env: string;
  /** What the step wrote to `GITHUB_STATE`. */
  readonly state: string;
}

export interface Action {
  readonly inputs?: Readonly<Record<string, { readonly default?: string | number | boolean } | null>>;
  readonly runs: {
    readonly using: string;
    readonly main: string;
    readonly post?: string;
    readonly 'post-if'?: string;
  };
}

/**
 * Runs one stage of an action like the GitHub runner: sets inputs with their defaults, the environment and the files, starts a
 * child process on Node 24, and reads what it printed and wrote. Of the caller's environment the child gets only what a process
 * needs to start. Throws if the outputs file is malformed, or if the action file uses something that is not supported here.
 */
export async function runStep(options: StepOptions = {}): Promise<StepResult> {
  const { action: path = OWN_ACTION, with: given = {}, stage = 'main', nodeArgs = [] } = options;
  const action = await readAction(path);
  const [major] = process.versions.node.split('.');
  if (Number(major) < 24)
    throw new Error(
      `The action runs on Node 24, this is Node ${process.versions.node}. Start it through npm run.`,
    );
  const script = options.entry ?? action.runs[stage];
  if (script === undefined) throw new Error(`${path} has no runs.${stage}`);
  return await runPrepared(options, (contexts) => ({
    command: process.execPath,
    args: [...nodeArgs, resolve(options.entry ? '.' : dirname(path), script)],
    env: {
      ...inputVariables(action, given, contexts),
      ...Object.fromEntries(
        Object.entries(options.state ?? {}).map(([name, value]) => [`STATE_${name}`, value]),
      ),
    },
    warnings: unexpectedInputs(action, given),
  }));
}

/** A step with `run:`, in bash as the runner starts it. */
export function runScript(script: string, options: ProcessStepOptions = {}): Promise<StepResult> {
  return runPrepared(options, () => ({ command: 'bash', args: ['-e', '-c', script], env: {}, warnings: [] }));
}

const OWN_ACTION = fileURLToPath(new URL('../../action.yml', import.meta.url));

/** Reads an action file. Default: this project's. */
export async function readAction(path = OWN_ACTION): Promise<Action> {
  const action = parse(await readFile(path, 'utf8')) as Action;
  if (action.runs.using !== 'node24')
    throw new Error(`${path}: runs.using is ${action.runs.using}, not node24`);
  return action;
}

interface Prepared {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

async function runPrepared(
  options: ProcessStepOptions,
  prepare: (contexts: Contexts) => Prepared,
): Promise<StepResult> {
  const folder = await mkdtemp(join(tmpdir(), 'step-'));
  try {
    const workspace = options.cwd ?? join(folder, 'workspace');
    await mkdir(workspace, { recursive: true });
    const files = await createFiles(folder, options);
    const contexts = contextsOf(options.context ?? {}, { workspace, ...files }, { temp: folder });
    const { command, args, env, warnings } = prepare(contexts);
    const processor = createProcessor(options.masks);
    for (const message of warnings)
      processor.result.annotations.push({ level: 'warning', title: '', message });
    const child = await runProcess(command, args, {
      cwd: workspace,
      env: {
        ...systemEnv(),
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        ...contextVariables(contexts),
        ...env,
        ...options.env,
      },
      timeoutMs: options.timeoutMs ?? 30_000,
      interrupt: options.interrupt,
      kill: options.kill,
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
    await rm(folder, { recursive: true, force: true });
  }
}

/** One variable per input: the defaults of the declared inputs, overridden by those that the step gives. */
export function inputVariables(
  action: Action,
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
function unexpectedInputs(action: Action, given: Readonly<Record<string, string>>): string[] {
  const valid = Object.keys(action.inputs ?? {});
  const lower = new Set(valid.map((name) => name.toLowerCase()));
  const unexpected = Object.keys(given).filter((name) => !lower.has(name.toLowerCase()));
  if (unexpected.length === 0) return [];
  return [`Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${valid.join("', '")}']`];
}

/**
 * Evaluates the `${{ }}` in a text. Supports property paths and `toJSON(path)`, and throws on anything else. A path that finds
 * nothing is empty, as on GitHub.
 */
export function evaluate(template: string, contexts: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\$\{\{(.*?)\}\}/gs, (whole, expression: string) => {
    const json = /^\s*toJSON\((.*)\)\s*$/is.exec(expression)?.[1];
    const path = (json ?? expression).trim();
    if (!/^[a-z_][\w-]*(\.[a-z_][\w-]*)*$/i.test(path))
      throw new Error(`The harness cannot evaluate ${whole}`);
    const [root = '', ...rest] = path.split('.');
    if (!Object.hasOwn(contexts, root)) throw new Error(`${whole}: there is no context '${root}' here`);
    let value = contexts[root];
    for (const key of rest) value = (value as Record<string, unknown> | null | undefined)?.[key];
    if (json !== undefined) return JSON.stringify(value ?? null, null, 2);
    if (typeof value === 'object' && value !== null) throw new Error(`${whole} is an object, not a text`);
    return String(value ?? '');
  });
}

type StepFiles = Readonly<
  Record<'event_path' | 'env' | 'state' | 'path', string> &
    Record<'output' | 'step_summary', string | undefined>
>;

async function createFiles(folder: string, options: ProcessStepOptions): Promise<StepFiles> {
  const create = async (name: string, content = ''): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  return {
    event_path: await createEventFile(folder, options),
    output: options.outputFile === false ? undefined : await create('set_output'),
    step_summary: options.summaryFile === false ? undefined : await create('step_summary'),
    env: await create('set_env'),
    state: await create('save_state'),
    path: await create('add_path'),
  };
}

async function createEventFile(temp: string, { event, eventTimes }: ProcessStepOptions): Promise<string> {
  const folder = join(temp, '_github_workflow');
  const path = join(folder, 'event.json');
  await mkdir(folder);
  await writeFile(path, JSON.stringify(event ?? DEFAULT_EVENT));
  const { folder: folderTime, file: fileTime } = eventTimes ?? { folder: new Date(0), file: new Date() };
  await utimes(path, fileTime, fileTime);
  await utimes(folder, folderTime, folderTime);
  return path;
}

async function read(file: string | undefined): Promise<string> {
  return file === undefined ? '' : await readFile(file, 'utf8');
}
