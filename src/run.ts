import { type Client, createClient } from './api/client.ts';
import { maxDropGate } from './comparison/max-drop.ts';
import { execute } from './execute.ts';
import type { Host } from './host/host.ts';
import { type Inputs, readInputs } from './inputs/inputs.ts';
import { jobOf } from './job.ts';
import { gatesOf } from './plan/gate.ts';
import { type Plan, planOf } from './plan/plan.ts';
import { NO_RESULTS, readFiles } from './plan/read-files.ts';
import type { Tracked } from './plan/track.ts';
import { present } from './present.ts';
import { findingOf, newReport, scoreOnSpan, warn } from './report/report.ts';
import { createReporter, type Reporter } from './report/reporter.ts';
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
    const results = isStart ? NO_RESULTS : await readFiles(read, host.files, now);
    report.tests = results.tests;
    warn(report, results.tests?.warnings ?? []);
    plan = planOf(read, results, job, { now, newId: host.newId, tracked });
    const { inputs, refused } = plan;
    warn(report, plan.warnings);
    if (refused) report.findings.push(findingOf(refused, inputs, 'only the end of the job was recorded'));
    if (inputs.dry_run || inputs.api_key === undefined) withoutSending(plan, reporter, report);
    else {
      const client = clientOf(host, inputs, reporter);
      await execute(plan, client, reporter, report);
      if (inputs.baseline !== undefined && !isStart) {
        const { compareWithBaseline } = await import('./against-baseline.ts');
        await compareWithBaseline(plan, job, client, report);
      }
    }
  } catch (error) {
    report.outcome = 'failed';
    report.findings.push(findingOf(error, read.values, 'nothing was recorded'));
  }
  if (plan && !isStart) {
    const score = scoreOnSpan(report);
    const dropGate = maxDropGate(plan.inputs.max_drop, score, report.comparison, job);
    report.gates = present([...gatesOf(plan.inputs, score, job), dropGate]);
  }
  report.elapsedMs = host.now() - startedAt;
  return reporter.publish(report, { outputs: !tracked, summary: read.values.summary !== false });
}

/** Throws InputError for a proxy variable that is not a URL. */
function clientOf(host: Host, inputs: Inputs, reporter: Reporter): Client {
  const { base_url: baseUrl, api_key: apiKey = '', timeout_seconds, retries } = inputs;
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
