import { type Client, createClient } from './api/client.ts';
import { maxDropGate } from './comparison/max-drop.ts';
import { ApiError, headlineOf, type Problem } from './errors.ts';
import { execute } from './execute.ts';
import type { Host } from './host/host.ts';
import { givenInputs, type Inputs, type Read, readInputs } from './inputs/inputs.ts';
import { misspeltProblems } from './inputs/misspelt.ts';
import { type Job, jobOf } from './job.ts';
import { type Gate, gatesOf } from './plan/gate.ts';
import { closingPlan, type Plan, planOf } from './plan/plan.ts';
import { checkPatterns, NO_RESULTS, readFiles } from './plan/read-files.ts';
import { isBeginning, type Stage } from './plan/task.ts';
import type { Tracked } from './plan/track.ts';
import { defined, present } from './present.ts';
import {
  type Draft,
  findingOf,
  isDone,
  isWritten,
  levelOf,
  newReport,
  notCompared,
  scoreOnSpan,
  warn,
} from './report/report.ts';
import { createReporter, type Reporter } from './report/reporter.ts';
import type { Results } from './results/results.ts';
import { withoutSending } from './without-sending.ts';

/**
 * The whole step: mask the key, read inputs and files, plan, send the requests, check the responses, report. A tracked job has a
 * second stage at its end, which gets what the first stage saved as `tracked`. Resolves to the exit code: 0 only if nothing
 * failed.
 */
export async function run(host: Host, tracked?: Tracked): Promise<0 | 1> {
  const getInput = (name: string) =>
    tracked && name === 'operation' ? 'track' : host.core.getInput(name, { trimWhitespace: false });
  const reporter = createReporter(host, [getInput('api_key'), host.env.OPPER_API_KEY ?? '']);
  const startedAt = host.now();
  const now = new Date(startedAt);
  const lost = tracked?.given.filter((name) => getInput(name).trim() === '') ?? [];
  const stage: Stage = { now, newId: host.newId, given: givenInputs(getInput), tracked, lost };
  const { values, problems } = readInputs(getInput, host.env.OPPER_API_KEY, now);
  // A misspelt input is reported once, at the start.
  const misspelt = tracked ? [] : misspeltProblems(Object.keys(host.env));
  const read = { values, problems: [...problems, ...misspelt] };
  const isStart = values.operation === 'track' && !tracked;
  // At the start of a tracked job its result is not known, and its files do not exist.
  const job = jobOf(host.context, isStart ? { ...values, job_status: undefined } : values);
  // Without a key, no span was created.
  const isTracked = tracked && (tracked.exists || values.api_key !== undefined);
  const report = newReport(isTracked ? tracked.id : values.span_id, job);
  if (host.eventProblem) warn(report, [host.eventProblem]);

  let plan: Plan | undefined;
  try {
    plan = await planFor(read, host, job, stage, reporter, report);
    warn(report, plan.warnings);
    await carryOut(plan, host, job, reporter, report);
  } catch (error) {
    if (!isDone(report.outcome)) report.outcome = 'failed';
    report.findings.push(findingOf(error, values, 'nothing'));
    const isForgiven = error instanceof ApiError && levelOf(values) === 'warning';
    if (isForgiven && values.max_drop !== undefined) report.findings.push(notCompared('warning', values));
  }
  if (plan?.failure) {
    const recorded = isWritten(report.outcome) ? 'the rest' : 'nothing';
    report.findings.unshift(findingOf(plan.failure, values, recorded));
  }
  if (plan && !isStart) report.gates = judgedGates(plan, job, report);
  report.elapsedMs = host.now() - startedAt;
  return reporter.publish(report, { outputs: !tracked, summary: values.summary !== false });
}

/** Sends what is planned and compares the run, or reports what would be sent. */
async function carryOut(plan: Plan, host: Host, job: Job, reporter: Reporter, report: Draft): Promise<void> {
  const { inputs, task } = plan;
  if (inputs.dry_run || inputs.api_key === undefined) {
    withoutSending(plan, reporter, report);
    return;
  }
  const client = clientOf(host, inputs, inputs.api_key, reporter);
  await execute(plan, client, reporter, report);
  if (inputs.baseline === undefined || isBeginning(task)) return;
  const { compareWithBaseline } = await import('./against-baseline.ts');
  await compareWithBaseline(inputs.baseline, plan, job, client, report);
}

function judgedGates({ inputs, gate, failure }: Plan, job: Job, report: Draft): Gate[] {
  const score = scoreOnSpan(report);
  const needsScore = !job.endedBadly && failure === undefined;
  const dropGate = maxDropGate(inputs.max_drop, score, report.comparison, needsScore);
  return present([...gatesOf(gate, score), dropGate]);
}

/** Reads the files and plans. At the end of a tracked job, an unexpected error leads to a plan that only ends the span. */
async function planFor(
  read: Read<Partial<Inputs>>,
  host: Host,
  job: Job,
  stage: Stage,
  { redact }: Reporter,
  report: Draft,
): Promise<Plan> {
  try {
    const results = await resultsAt(stage, read, host, job);
    report.tests = results.tests;
    report.files = results.files ?? [];
    warn(report, results.warnings ?? []);
    // The name of a score may be that of its problem.
    const score = results.score && { ...results.score, name: redact(results.score.name) };
    const safe = withoutKey({ ...results, ...defined({ score }) }, redact);
    return planOf(withoutKey(read, redact), safe, job, stage);
  } catch (error) {
    const plan = closingPlan(error, redact(headlineOf(error)), read, job, stage);
    if (!plan) throw error;
    return plan;
  }
}

/** Problems may quote a value that contains the key, or a path. What fails the step may be recorded on the span. */
function withoutKey<Part extends { readonly problems: readonly Problem[] }>(
  part: Part,
  redact: Reporter['redact'],
): Part {
  const problems = part.problems.map(({ name, message, ...origin }) => {
    // A name without a path is the step's own word.
    return { name: name.includes(' ') ? redact(name) : name, message: redact(message), ...origin };
  });
  return { ...part, problems };
}

/** The start of a tracked job has no files yet. Without a key, its end reads them only to judge a gate. */
async function resultsAt(
  stage: Stage,
  read: Read<Partial<Inputs>>,
  host: Host,
  { withholdsSecrets }: Job,
): Promise<Results> {
  const { tracked } = stage;
  const { operation, api_key, dry_run, min_score, max_drop } = read.values;
  if (operation === 'track' && !tracked) return checkPatterns(read.values, host.files);
  const isSkipped = withholdsSecrets && api_key === undefined && !dry_run;
  const hasGate = min_score !== undefined || max_drop !== undefined;
  if (tracked && isSkipped && !hasGate) return NO_RESULTS;
  return readFiles(read, host, stage);
}

function clientOf(host: Host, inputs: Inputs, apiKey: string, reporter: Reporter): Client {
  const { base_url: baseUrl, timeout_seconds, retries } = inputs;
  const timeoutMs = Math.round(timeout_seconds * 1000);
  return createClient({
    baseUrl,
    apiKey,
    userAgent: `opper-span-action/${host.version}`,
    timeoutMs,
    retries,
    transport: host.connect({ baseUrl, timeoutMs }),
    wait: host.wait,
    random: host.random,
    now: host.now,
    onRetry: reporter.info,
  });
}
