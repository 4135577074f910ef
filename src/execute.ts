import { createCaseSpans } from './api/case-spans.ts';
import type { Client } from './api/client.ts';
import { recordMetrics } from './api/record-metrics.ts';
import { fieldsOf, type NewSpan } from './api/span.ts';
import { changesBetween, storedWarnings } from './api/stored.ts';
import { ApiError } from './errors.ts';
import type { Plan } from './plan/plan.ts';
import { isEmpty, needsStored, patchFor, type Recording } from './plan/recording.ts';
import { trackedBeforeResponse, trackedSpan } from './plan/track.ts';
import { type Draft, levelOf, warn } from './report/report.ts';
import type { Reporter } from './report/reporter.ts';

// Each function adds the outcome of a request to the report at once, so that a later failure loses nothing.

/**
 * Sends the requests of the plan's task, then those for metrics and case spans. Throws {@link ApiError}, and InputError for a
 * request that is too large.
 */
export async function execute(plan: Plan, client: Client, reporter: Reporter, report: Draft): Promise<void> {
  try {
    await perform(plan, client, reporter, report);
    if (report.outcome === 'updated' || report.outcome === 'created')
      await addChildren(plan, client, reporter, report);
  } finally {
    report.requests = client.traffic.requests;
    report.status = client.traffic.status;
  }
}

async function perform({ task }: Plan, client: Client, reporter: Reporter, report: Draft): Promise<void> {
  switch (task.kind) {
    case 'read':
      report.span = await client.readSpan(task.id);
      report.outcome = 'read';
      return;
    case 'update':
      return update(task.id, task.recording, client, report);
    case 'create':
      await create(task.span, false, client, report);
      return;
    case 'start':
      return start(task.span, task.recording, client, reporter, report);
    case 'wait':
      report.outcome = 'tracking';
      reporter.saveTracked(task.tracked);
      report.span = { id: task.tracked.id };
      return;
    case 'ensure':
      if (await create(task.span, true, client, report))
        await update(task.span.id, task.recording, client, report);
      return;
  }
}

async function update(id: string, recording: Recording, client: Client, report: Draft): Promise<void> {
  // Set before sending, so that after a failure the report shows what was not recorded.
  report.sent = patchFor(recording);
  if (needsStored(recording)) {
    report.before = await client.readSpan(id, { isBeforeWrite: true });
    report.sent = patchFor(recording, report.before);
  }
  // If there are only metrics to record, the body is empty. It is not documented how the API treats that.
  const span = isEmpty(report.sent) ? await client.readSpan(id) : await client.updateSpan(id, report.sent);
  // Only GET returns feedback.
  const feedback = span.feedback ?? report.before?.feedback;
  report.span = { ...span, ...(feedback && { feedback }) };
  report.changed = report.before && changesBetween(report.before, span);
  report.outcome = 'updated';
  warn(report, storedWarnings(report.sent, span, needsStored(recording)));
}

/** Creates the span. Returns true if it was found instead, which `mayExist` allows: then nothing was written. */
async function create(span: NewSpan, mayExist: boolean, client: Client, report: Draft): Promise<boolean> {
  report.sent = fieldsOf(span);
  const { span: created, wasFound } = await client.createSpan(span, { mayExist });
  report.span = created;
  report.outcome = 'created';
  if (mayExist && wasFound) return true;
  warn(report, storedWarnings(report.sent, created, false));
  return false;
}

/** Creates the span of a tracked job. A failure that may pass is a warning, since the span can be created at the end of the job. */
async function start(
  span: NewSpan,
  recording: Recording,
  client: Client,
  reporter: Reporter,
  report: Draft,
): Promise<void> {
  // Saved first, since the process may be killed before the response comes.
  reporter.saveTracked(trackedBeforeResponse(span));
  try {
    await create(span, false, client, report);
  } catch (error) {
    if (!(error instanceof ApiError && error.isTransient)) {
      reporter.saveTracked(undefined);
      throw error;
    }
    warn(report, [`${error.summary}. The job goes on, and the span is created when it ends`]);
    return;
  }
  report.outcome = 'tracking';
  reporter.saveTracked(trackedSpan(span, recording, report.span.id));
}

/** Adds metrics and case spans to the span. */
async function addChildren(plan: Plan, client: Client, reporter: Reporter, report: Draft): Promise<void> {
  const { inputs, metrics, caseSpans } = plan;
  const fail = (part: string, lines: readonly string[]) =>
    report.findings.push({ level: levelOf(inputs), title: `Opper span: ${part}`, lines });
  if (metrics.length > 0) {
    const { stored, failures } = await recordMetrics(client, report.span.id ?? '', metrics);
    report.metrics = stored;
    if (failures.length > 0) fail('metrics', failures);
  }
  if (caseSpans.length > 0) {
    const onProgress = (created: number, of: number) =>
      reporter.info(`Case spans: ${created} of ${of} created`);
    const { created, failure } = await createCaseSpans(client, caseSpans, report.span, { onProgress });
    // There may be more cases than max_case_spans.
    const of = report.tests?.casesWanted ?? caseSpans.length;
    report.caseSpans = { created, of };
    if (failure)
      fail('case spans', [
        `${created} of ${of} case spans were created, then one failed: ${failure.message}`,
      ]);
  }
}
