import { createCaseSpans } from './api/case-spans.ts';
import type { Client } from './api/client.ts';
import { recordMetrics } from './api/record-metrics.ts';
import { fieldsOf, type NewSpan, type Span, type SpanPatch } from './api/span.ts';
import { changesBetween, storedWarnings } from './api/stored.ts';
import { ApiError, headlineOf, InputError } from './errors.ts';
import type { Inputs } from './inputs/inputs.ts';
import { closingPatch, isEmptyPatch, needsStored, patchFor } from './plan/patch.ts';
import type { Plan } from './plan/plan.ts';
import type { Recording } from './plan/recording.ts';
import type { Task } from './plan/task.ts';
import { beforeResponse } from './plan/track.ts';
import { defined } from './present.ts';
import { type Draft, isWritten, levelOf, warn } from './report/report.ts';
import type { Reporter } from './report/reporter.ts';
import { caseSpansText } from './report/wording.ts';

// Each function adds the outcome of a request to the report at once, so that a later failure loses nothing.

/**
 * Sends the requests of the plan's task, then those for metrics and case spans. Throws {@link ApiError}, and InputError for a
 * request that is too large.
 */
export async function execute(plan: Plan, client: Client, reporter: Reporter, report: Draft): Promise<void> {
  try {
    await perform(plan, client, reporter, report);
    if (isWritten(report.outcome)) await addChildren(plan, client, reporter, report);
  } finally {
    report.requests = client.traffic.requests;
    report.status = client.traffic.status;
  }
}

async function perform(plan: Plan, client: Client, reporter: Reporter, report: Draft): Promise<void> {
  const { task, inputs } = plan;
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
      return start(task, inputs, client, reporter, report);
    case 'wait':
      reporter.saveTracked(task.tracked);
      report.outcome = 'tracking';
      report.span = { id: task.tracked.id };
      return;
    case 'end':
      return end(task, client, reporter, report);
  }
}

async function update(id: string, recording: Recording, client: Client, report: Draft): Promise<void> {
  // Set before sending, so that after a failure the report shows what was not recorded.
  report.sent = patchFor(recording);
  if (needsStored(recording)) report.before = await client.readSpan(id, { isBeforeWrite: true });
  await write(id, recording, client, report);
}

async function write(id: string, recording: Recording, client: Client, report: Draft): Promise<void> {
  const { before } = report;
  report.sent = patchFor(recording, before);
  // If there are only metrics to record, the body is empty. It is not documented how the API treats that.
  const span = isEmptyPatch(report.sent)
    ? await client.readSpan(id)
    : await client.updateSpan(id, report.sent);
  // Only GET returns feedback.
  const feedback = span.feedback ?? before?.feedback ?? undefined;
  report.span = { ...span, ...defined({ feedback }) };
  report.changed = before && changesBetween(before, span);
  report.outcome = 'updated';
  warn(report, storedWarnings(report.sent, span, needsStored(recording)));
}

/** Creates the span. Returns true if it was found instead, which `mayExist` allows: then nothing was written. */
async function create(span: NewSpan, mayExist: boolean, client: Client, report: Draft): Promise<boolean> {
  report.sent = fieldsOf(span);
  const { span: created, wasFound, isUnread } = await client.createSpan(span, { mayExist });
  report.span = created;
  if (isUnread)
    warn(report, ['the API says that the span exists, but does not show it, so only its id is known']);
  if (mayExist && wasFound) return true;
  report.outcome = 'created';
  if (!isUnread) warn(report, storedWarnings(span, created, false));
  return false;
}

/** Creates the span of a tracked job. A transient failure is a warning, since the span can be created at the end of the job. */
async function start(
  { span, tracked }: Task & { readonly kind: 'start' },
  { fail_on_api_error }: Inputs,
  client: Client,
  reporter: Reporter,
  report: Draft,
): Promise<void> {
  // Saved first, since the process may be killed before the response comes.
  reporter.saveTracked(beforeResponse(tracked));
  try {
    await create(span, false, client, report);
  } catch (error) {
    if (!(error instanceof ApiError && (error.isTransient || !fail_on_api_error))) {
      reporter.saveTracked(undefined);
      throw error;
    }
    const reason = error.isTransient ? `${error.summary}.` : error.message;
    warn(report, [`${reason} The job goes on, and the span is created when it ends`]);
    return;
  }
  report.outcome = 'tracking';
  reporter.saveTracked({ ...tracked, id: report.span.id ?? tracked.id });
}

/** Ends a tracked job. If the span cannot be written as a whole, one small request still ends it. */
async function end(
  { id, recording, span }: Task & { readonly kind: 'end' },
  client: Client,
  reporter: Reporter,
  report: Draft,
): Promise<void> {
  let requestsBeforeWrite = Number.POSITIVE_INFINITY;
  try {
    if (span && !(await create(span, true, client, report))) return;
    report.sent = patchFor(recording);
    if (needsStored(recording)) report.before = await readAtEnd(id, recording, client, report);
    requestsBeforeWrite = client.traffic.requests;
    await write(id, recording, client, report);
  } catch (error) {
    if (mayClose(error, requestsBeforeWrite, client)) {
      const keepsScore = error instanceof InputError || (error instanceof ApiError && error.status === 413);
      const reason = reporter.redact(headlineOf(error));
      await close(id, closingPatch(recording, report.before, reason, keepsScore), client, report);
    }
    throw error;
  }
}

/** The stored span. Undefined, with a warning, if the API does not show a span that this step created. */
async function readAtEnd(
  id: string,
  { isOwn }: Recording,
  client: Client,
  report: Draft,
): Promise<Span | undefined> {
  try {
    return await client.readSpan(id, { isBeforeWrite: true, isNew: isOwn });
  } catch (error) {
    if (!(isOwn && error instanceof ApiError && error.status === 404)) throw error;
    warn(report, [`${error.summary}. The end of the job was recorded without reading the span`]);
    return undefined;
  }
}

/**
 * Whether a small request may still end the span: it could not be read, the API refused what is in the whole request, or something
 * unexpected happened before a write arrived.
 */
function mayClose(error: unknown, requestsBeforeWrite: number, { traffic }: Client): boolean {
  const isWriting = traffic.requests >= requestsBeforeWrite;
  if (error instanceof ApiError) {
    const { status } = error;
    if (isWriting) return [400, 413, 422].includes(status ?? 0);
    return status !== undefined && ![401, 404].includes(status);
  }
  return !(traffic.requests > requestsBeforeWrite && (traffic.status ?? 500) < 300);
}

async function close(id: string, patch: SpanPatch, client: Client, report: Draft): Promise<void> {
  try {
    report.span = await client.updateSpan(id, patch);
    warn(report, ['Only the end of the job and this failure were recorded on the span']);
  } catch {
    // What failed before is reported.
  }
}

/** Adds metrics and case spans to the span. */
async function addChildren(plan: Plan, client: Client, reporter: Reporter, report: Draft): Promise<void> {
  const { inputs, metrics, caseSpans } = plan;
  const fail = (part: 'metrics' | 'case spans', lines: readonly string[]) =>
    report.findings.push({ level: levelOf(inputs), title: `Opper span: ${part}`, lines });
  if (metrics.length > 0) {
    const { stored, failures } = await recordMetrics(client, report.span.id ?? '', metrics);
    report.metrics = stored;
    if (failures.length > 0) fail('metrics', failures);
  }
  if (caseSpans.length > 0) {
    const { created, failure, warning } = await createCaseSpans(client, caseSpans, report.span, {
      onProgress: (created, of) => reporter.info(caseSpansText({ created, of })),
    });
    // There may be more cases than max_case_spans.
    const of = report.tests?.casesWanted ?? caseSpans.length;
    report.caseSpans = { created, of };
    if (warning) warn(report, [warning]);
    if (failure)
      fail('case spans', [
        `${created} of ${of} case spans were created, then one failed: ${failure.message}`,
      ]);
  }
}
