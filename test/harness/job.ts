import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseKeyValueFile } from './commands.ts';
import { contextsOf, type GivenContexts } from './context.ts';
import {
  evaluate,
  type ProcessStepOptions,
  readAction,
  runScript,
  runStep,
  type StepResult,
} from './runner.ts';

/** The keys of every step, named as in a workflow. Expressions are evaluated when a stage of the step starts. */
interface AnyStep {
  readonly id?: string;
  /** `success()` unless given; knows `always()`, `success()`, `failure()`, `cancelled()`, each with a `!` or without. */
  readonly if?: string | boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly 'continue-on-error'?: boolean;
}

/** A step that uses an action: this project's, unless `uses` is the path of another action file. */
export interface ActionStep extends AnyStep {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  /** Kills the main stage. */
  readonly kill?: AbortSignal;
}

/** One of the user's own steps: a bash command or a function. If the function throws, the step fails. */
export interface RunStep extends AnyStep {
  readonly run: string | ((job: RunningJob) => FunctionResult | Promise<FunctionResult>);
}
interface RunningJob {
  /** The job's `env:`, what earlier steps wrote to `GITHUB_ENV`, and the step's `env:`. */
  readonly env: Readonly<Record<string, string>>;
  readonly workspace: string;
}
// biome-ignore lint/suspicious/noConfusingVoidType: a function that has nothing to report returns nothing
type FunctionResult = void | {
  readonly outputs?: Readonly<Record<string, string>>;
  /** As if written to `GITHUB_ENV`. */
  readonly env?: Readonly<Record<string, string>>;
};

export type JobStep = ActionStep | RunStep;

export interface JobOptions extends Pick<ProcessStepOptions, 'event' | 'summaryFile' | 'timeoutMs' | 'cwd'> {
  /** The job's contexts. The harness sets `job.status`. */
  readonly context?: GivenContexts;
  /** The job's `env:`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Cancels the job: asks the running step to end. After that only steps whose `if` allows it, and the posts, run. */
  readonly cancel?: AbortSignal;
}

type Outcome = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface StageResult {
  /** The step's id, or `step 1` for the first step without one, and so on. */
  readonly step: string;
  readonly stage: 'main' | 'post';
  readonly outcome: Outcome;
  /** Of a stage that had a process. */
  readonly result?: StepResult;
  /** What a function threw. */
  readonly error?: unknown;
}

export interface JobResult {
  readonly status: 'success' | 'failure' | 'cancelled';
  /** Every stage, in the order in which they ran. */
  readonly stages: readonly StageResult[];
  /** The context `steps` at the end. */
  readonly steps: Readonly<
    Record<string, { outputs: Record<string, string>; outcome: Outcome; conclusion: Outcome }>
  >;
  /** The job's `env:` and what its steps wrote to `GITHUB_ENV`. */
  readonly env: Readonly<Record<string, string>>;
  /** The result of a step's main stage. Throws if it had no process. */
  main(step: string): StepResult;
  /** The same for the post stage. */
  post(step: string): StepResult;
}

/**
 * Runs a job as the GitHub runner does: the steps one after the other, then the post stages in reverse order. A post stage is
 * registered before its main stage starts, so it also runs after a main that failed or was killed. Inputs and defaults are then
 * evaluated again. Its outputs are lost. If it fails, the job fails.
 * Source: https://github.com/actions/runner/tree/main/src/Runner.Worker (StepsRunner.cs, ExecutionContext.cs, Handlers/NodeScriptActionHandler.cs)
 */
export async function runJob(steps: readonly JobStep[], options: JobOptions = {}): Promise<JobResult> {
  const { context = {}, secrets = {}, cancel, event, summaryFile, timeoutMs } = options;
  const folder = await mkdtemp(join(tmpdir(), 'job-'));
  const workspace = options.cwd ?? join(folder, 'workspace');
  const temp = join(folder, 'temp');
  const env: Record<string, string> = { ...options.env };
  const stages: StageResult[] = [];
  const stepsContext: Record<string, JobResult['steps'][string]> = {};
  const posts: (() => Promise<void>)[] = [];
  let masks: readonly string[] = [];
  let hasFailed = false;

  const status = () => (cancel?.aborted ? 'cancelled' : hasFailed ? 'failure' : 'success');

  /** The contexts of a stage that starts now. */
  function surroundings(step: AnyStep) {
    const given: GivenContexts = {
      ...context,
      job: { ...context.job, status: status() },
      runner: { temp, ...context.runner },
    };
    const contexts = { ...contextsOf(given, { workspace }, {}), steps: stepsContext, secrets, env };
    const stepEnv = { ...env, ...evaluateAll(step.env, contexts) };
    const processOptions = {
      context: given,
      cwd: workspace,
      env: stepEnv,
      masks,
      ...(event && { event }),
      ...(summaryFile !== undefined && { summaryFile }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      // A signal fires only once, so a step that starts after the job was cancelled runs undisturbed.
      ...(cancel && { interrupt: cancel }),
    } satisfies ProcessStepOptions;
    return { contexts: { ...contexts, env: stepEnv }, processOptions };
  }

  /** Runs a stage and records its result. Does not throw if the step fails. */
  async function runStage(
    step: AnyStep,
    name: string,
    stage: StageResult['stage'],
    run: () => Promise<Pick<StageResult, 'result' | 'error'> & { outputs?: Record<string, string> }>,
  ): Promise<void> {
    const wasCancelled = cancel?.aborted;
    const { outputs = {}, ...told } = await run();
    const failed = 'error' in told || (told.result !== undefined && told.result.exitCode !== 0);
    const outcome = cancel?.aborted && !wasCancelled ? 'cancelled' : failed ? 'failure' : 'success';
    const conclusion = outcome === 'failure' && step['continue-on-error'] ? 'success' : outcome;
    hasFailed ||= conclusion === 'failure';
    stages.push({ step: name, stage, outcome, ...told });
    if (stage === 'main') stepsContext[name] = { outputs, outcome, conclusion };
  }

  function keep(result: StepResult): void {
    keepEnv(parseKeyValueFile(result.env));
    masks = result.masks;
  }

  function keepEnv(written: Readonly<Record<string, string>>): void {
    // The runner sets its own variables again for each step.
    const own = Object.entries(written).filter(([name]) => !/^(GITHUB|RUNNER)_/.test(name));
    Object.assign(env, Object.fromEntries(own));
  }

  async function runAction(step: ActionStep, name: string): Promise<void> {
    const { runs } = await readAction(step.uses);
    const action = step.uses === undefined ? {} : { action: step.uses };
    let state: Readonly<Record<string, string>> = {};

    const run = (stage: StageResult['stage']) => async () => {
      const { contexts, processOptions } = surroundings(step);
      const inputs = evaluateAll(step.with, contexts);
      const kill = stage === 'main' && step.kill ? { kill: step.kill } : {};
      const result = await runStep({ ...processOptions, ...action, ...kill, stage, state, with: inputs });
      keep(result);
      state = parseKeyValueFile(result.state);
      return { result, outputs: { ...result.outputs } };
    };

    if (runs.post !== undefined) {
      posts.push(async () => {
        if (holds(runs['post-if'] ?? 'always()', status())) await runStage(step, name, 'post', run('post'));
      });
    }
    await runStage(step, name, 'main', run('main'));
  }

  async function runCommand(step: RunStep, name: string): Promise<void> {
    const { run } = step;
    await runStage(step, name, 'main', async () => {
      const { processOptions } = surroundings(step);
      if (typeof run === 'string') {
        const result = await runScript(run, processOptions);
        keep(result);
        return { result, outputs: { ...result.outputs } };
      }
      try {
        const told = (await run({ env: processOptions.env, workspace })) ?? {};
        keepEnv(told.env ?? {});
        return { outputs: { ...told.outputs } };
      } catch (error) {
        return { error };
      }
    });
  }

  try {
    await mkdir(workspace, { recursive: true });
    await mkdir(temp);
    for (const [index, step] of steps.entries()) {
      const name = step.id ?? `step ${index + 1}`;
      if (!holds(step.if ?? 'success()', status())) {
        stages.push({ step: name, stage: 'main', outcome: 'skipped' });
        stepsContext[name] = { outputs: {}, outcome: 'skipped', conclusion: 'skipped' };
      } else if ('run' in step) await runCommand(step, name);
      else await runAction(step, name);
    }
    for (const post of posts.reverse()) await post();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  const resultOf = (name: string, stage: StageResult['stage']): StepResult => {
    const found = stages.find((each) => each.step === name && each.stage === stage)?.result;
    if (found === undefined) throw new Error(`The ${stage} stage of ${name} had no process`);
    return found;
  };
  return {
    status: status(),
    stages,
    steps: stepsContext,
    env,
    main: (name) => resultOf(name, 'main'),
    post: (name) => resultOf(name, 'post'),
  };
}

function evaluateAll(
  values: Readonly<Record<string, string | number | boolean>> = {},
  contexts: Readonly<Record<string, unknown>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, evaluate(String(value), contexts)]),
  );
}

/** Whether an `if` lets a step run in a job of this status. */
function holds(condition: string | boolean, status: JobResult['status']): boolean {
  if (typeof condition === 'boolean') return condition;
  const bare = condition.replace(/^\s*\$\{\{(.*)\}\}\s*$/, '$1').trim();
  const [, not, name] = /^(!)?\s*(always|success|failure|cancelled)\(\)$/.exec(bare) ?? [];
  if (name === undefined) throw new Error(`The harness cannot evaluate if: ${condition}`);
  return (name === 'always' || status === name) !== (not === '!');
}
