import type { Client } from './api/client.ts';
import { changesBetween } from './api/stored.ts';
import type { OwnRun } from './comparison/baseline.ts';
import { compare, failingAmong } from './comparison/compare.ts';
import { maxDropGate } from './comparison/max-drop.ts';
import { findBaseline } from './comparison/search.ts';
import { ApiError } from './errors.ts';
import type { Inputs } from './inputs/inputs.ts';
import type { Job } from './job.ts';
import { isEmptyPatch } from './plan/patch.ts';
import type { Plan } from './plan/plan.ts';
import { withFailure } from './plan/recording.ts';
import { type Draft, type Finding, isDone, levelOf, scoreOnSpan } from './report/report.ts';
import { failingCount } from './results/tests.ts';

const TITLE = 'Opper span: comparison';

/**
 * Compares the recorded score with that of the baseline, after everything else was written. A missed `max_drop` is recorded on
 * the span too. Failures become findings: nothing that was written is undone.
 */
export async function compareWithBaseline(
  branch: string,
  plan: Plan,
  job: Job,
  client: Client,
  report: Draft,
): Promise<void> {
  const { inputs } = plan;
  const score = scoreOnSpan(report);
  if (!isDone(report.outcome) || score === undefined) return;
  const { span, metrics = {} } = report;
  const failing = failingNow(plan, report);
  const own: OwnRun = { name: span.name ?? '', branch, score, metrics, failing, facts: job.facts };
  try {
    await search(own, inputs, client, report);
    await recordDrop(plan, client, report);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const step = report.comparison
      ? 'The missed max_drop was not recorded'
      : `The run was not compared with ${branch}`;
    report.findings.push({ level: levelFor(inputs), title: TITLE, lines: [`${step}: ${error.message}`] });
  } finally {
    report.requests = client.traffic.requests;
  }
}

/** The level of a comparison that failed. */
function levelFor(inputs: Inputs): Finding['level'] {
  return inputs.max_drop === undefined ? 'warning' : levelOf(inputs);
}

async function search(own: OwnRun, inputs: Inputs, client: Client, report: Draft): Promise<void> {
  const { branch } = own;
  const { max_drop } = inputs;
  const { span, findings } = report;
  const options = { isTriedOnce: max_drop === undefined };
  const { baseline, isCut } = await findBaseline(client, span, own, options);
  if (baseline) {
    report.comparison = compare(baseline, own);
  } else if (isCut) {
    const line = `The newest 100 traces of this name contain no run on ${branch} to compare with, and there are more. Run the workflow on ${branch} again`;
    findings.push({ level: levelFor(inputs), title: TITLE, lines: [line] });
  } else {
    const passed = max_drop === undefined ? '' : ', so max_drop was passed';
    const line = `There is no earlier run of this span on ${branch} to compare with${passed}. Let the workflow run on ${branch} too, for example on: push`;
    findings.push({ level: 'notice', title: TITLE, lines: [line] });
  }
}

/** The names of all failing cases; undefined if not all of them have case spans. */
function failingNow({ inputs, caseSpans }: Plan, { tests }: Draft): string[] | undefined {
  if (inputs.case_spans === 'none' || !tests) return undefined;
  return failingAmong(caseSpans, failingCount(tests));
}

/** Records a missed `max_drop` as the reason why the step fails, in a request of its own. */
async function recordDrop({ inputs }: Plan, client: Client, report: Draft): Promise<void> {
  const { outcome, span, before, comparison } = report;
  const gate = maxDropGate(inputs.max_drop, scoreOnSpan(report), comparison, false);
  if (!gate || gate.isPassed || outcome === 'read' || !span.id) return;
  const meta = inputs.ci_meta && span.meta ? withFailure(span.meta) : span.meta;
  const patch = {
    ...(!span.error && { error: gate.text }),
    ...(meta && meta !== span.meta && { meta }),
  };
  if (isEmptyPatch(patch)) return;
  const stored = await client.updateSpan(span.id, patch);
  report.span = { ...stored, ...(span.feedback && { feedback: span.feedback }) };
  report.sent = { ...report.sent, ...patch };
  report.changed = before && changesBetween(before, stored);
}
