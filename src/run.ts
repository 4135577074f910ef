import { execute } from './execute.ts';
import type { Host } from './host/host.ts';
import { readInputs } from './inputs/inputs.ts';
import { jobOf } from './job.ts';
import { NOTHING_FOUND, readFound } from './plan/found.ts';
import { type Plan, planAtEnd, planOf } from './plan/plan.ts';
import { taskOf } from './plan/task.ts';
import type { Tracked } from './plan/track.ts';
import { findingOf } from './report/finding.ts';
import { gateOf, newReport, warn } from './report/report.ts';
import { createReporter } from './report/reporter.ts';
import { withoutSending } from './without-sending.ts';

/**
 * The whole step: mask the key, read inputs and files, plan, make the requests, check the responses, report. A tracked job has a
 * second stage at its end, which gets what the first stage saved as `tracked`. Resolves to the exit code: 0 only if nothing
 * failed.
 */
export async function run(host: Host, tracked?: Tracked): Promise<0 | 1> {
  const getInput = (name: string) => host.core.getInput(name, { trimWhitespace: false });
  const reporter = createReporter(host, [getInput('api_key'), host.env.OPPER_API_KEY ?? '']);
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
    plan = tracked ? planAtEnd(read, found, job, host.newId) : planOf(read, found, job, host.newId);
    warn(report, plan.warnings);
    if (plan.refused)
      report.findings.push(findingOf(plan.refused, plan.inputs, 'only the end of the job was recorded'));
    const task = taskOf(plan, job, host.newId(), now, tracked);
    if (plan.inputs.dry_run || plan.inputs.api_key === undefined)
      withoutSending(task, plan, reporter, report);
    else await execute(task, plan, host, reporter, report);
  } catch (error) {
    report.outcome = 'failed';
    report.findings.push(findingOf(error, read.values, 'nothing was recorded'));
  }
  if (plan && !isStart) report.gate = gateOf(report, plan.inputs.min_score, job);
  report.elapsedMs = host.now() - startedAt;
  return reporter.publish(report, { outputs: !tracked, summary: read.values.summary !== false });
}
