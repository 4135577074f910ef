import { ApiError, headlineOf, InputError, problemLine } from './errors.ts';
import type { Host } from './host/host.ts';
import { type Inputs, type Read, readInputs } from './inputs/inputs.ts';
import { type Job, jobOf } from './job.ts';
import { carryOut, levelOf } from './perform.ts';
import { type Found, NOTHING_FOUND, readFound } from './plan/found.ts';
import { closingPlan, type Plan, planOf } from './plan/plan.ts';
import { taskAtEnd, taskOf } from './plan/task.ts';
import type { Tracked } from './plan/track.ts';
import { rehearse } from './rehearse.ts';
import { createExit } from './report/exit.ts';
import { comparedScore, type Draft, type Finding, type Gate, newReport, warn } from './report/report.ts';

/**
 * The whole step: mask the key, read inputs and files, plan, make the requests, check the responses, report. A tracked job has a
 * second stage at its end, which gets what the first stage saved as `tracked`. Resolves to the exit code: 0 only if nothing
 * failed.
 */
export async function run(host: Host, tracked?: Tracked): Promise<0 | 1> {
  const getInput = (name: string) => host.core.getInput(name, { trimWhitespace: false });
  const exit = createExit(host, [getInput('api_key'), host.env.OPPER_API_KEY ?? '']);
  const startedAt = host.now();
  const now = new Date(startedAt);
  const read = readInputs(getInput, host.env.OPPER_API_KEY, now);
  const isStart = read.values.operation === 'track' && !tracked;
  // At the start of a tracked job its result is not known, and its files do not exist.
  const job = jobOf(host.context, isStart ? { ...read.values, job_status: undefined } : read.values);
  const report = newReport(tracked?.id ?? read.values.span_id, job);
  if (host.eventProblem) warn(report, [host.eventProblem]);

  let plan: Plan | undefined;
  try {
    const found = isStart ? NOTHING_FOUND : await readFound(read, host.files, now);
    report.tests = found.tests;
    warn(report, found.tests?.warnings ?? []);
    plan = tracked ? planAtEnd(read, found, job, report) : planOf(read, found, job);
    warn(report, unreadLines(plan, job));
    const task = tracked ? taskAtEnd(plan, job, tracked, now) : taskOf(plan, job, host.newId(), now);
    if (plan.inputs.dry_run || plan.inputs.api_key === undefined)
      rehearse(task, plan, host.newId, exit, report);
    else await carryOut(task, plan, host, exit, report);
  } catch (error) {
    report.outcome = 'failed';
    report.findings.push(findingOf(error, read.values));
  }
  if (plan && !isStart) report.gate = gateOf(plan, job, report);
  report.elapsedMs = host.now() - startedAt;
  return exit.publish(report, {
    outputs: !tracked,
    summary: read.values.summary !== false && !report.goesOn,
  });
}

/** The plan for the end of a job. If the plan fails, the end is still recorded, with the reason as the span's error. */
function planAtEnd(read: Read<Partial<Inputs>>, found: Found, job: Job, report: Draft): Plan {
  try {
    return planOf(read, found, job);
  } catch (error) {
    const plan = error instanceof InputError ? closingPlan(read, error, job) : undefined;
    if (!plan) throw error;
    const title = 'Opper span: bad input, only the end of the job was recorded';
    report.findings.push({ ...findingOf(error, read.values), title });
    return plan;
  }
}

/** What `min_score` is compared with. A broken job without a score is red anyway, and its error says more. */
function gateOf({ inputs: { min_score: minScore } }: Plan, job: Job, report: Draft): Gate | undefined {
  const score = comparedScore(report);
  if (minScore === undefined || (job.isBroken && score === undefined)) return undefined;
  return { minScore, score };
}

function unreadLines({ unread }: Plan, { status }: Job): string[] {
  const what = status === 'failure' ? 'has failed' : 'was cancelled';
  return unread.map(
    (problem) => `${problemLine(problem)}. The job ${what}, so the rest is recorded without it`,
  );
}

/** The finding that says why the step stopped. */
function findingOf(error: unknown, inputs: Partial<Inputs>): Finding {
  if (error instanceof InputError) {
    const title = 'Opper span: bad input, nothing was sent';
    return { level: 'error', title, lines: error.problems.map(problemLine) };
  }
  if (error instanceof ApiError) {
    return { level: levelOf(inputs), title: 'Opper span: API failure', lines: [error.message] };
  }
  const lines = [`This is a bug in the action, please report it: ${headlineOf(error)}`];
  return { level: 'error', title: 'Opper span: internal error', lines };
}
