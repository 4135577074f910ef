import { metricUrl, spanUrl } from './api/client.ts';
import { fieldsOf, type NewSpan, type SpanPatch } from './api/span.ts';
import { isEmptyPatch, patchFor } from './plan/patch.ts';
import type { Plan } from './plan/plan.ts';
import { isBeginning, type Task } from './plan/task.ts';
import { beforeResponse } from './plan/track.ts';
import { defined } from './present.ts';
import { type Draft, notCompared, type UnsentRequest } from './report/report.ts';
import type { Reporter } from './report/reporter.ts';

const WITHHELD =
  'GitHub gives no secrets to pull requests from forks and from Dependabot, so there is no API key and nothing was recorded';

/** Reports what would be sent, and sends nothing: for a dry run, or because GitHub withholds the key. */
export function withoutSending(plan: Plan, reporter: Reporter, report: Draft): void {
  const { task, inputs } = plan;
  const { id, sent, request } = spanRequestOf(task, inputs.base_url);
  report.sent = sent;
  // A dry run shows the id that the new span would have. Without a key no span is created, so later steps get no id.
  const knownId = inputs.dry_run ? id : inputs.span_id;
  report.span = {
    ...defined({ id: knownId }),
    ...Object.fromEntries(Object.entries(sent ?? {}).filter(([, value]) => value !== null)),
  };
  const { dry_run, max_drop } = inputs;
  if (max_drop !== undefined && !isBeginning(task)) {
    report.findings.push(notCompared('notice', inputs));
  }
  if (dry_run) {
    report.outcome = 'dry-run';
    report.dryRun = [...request, ...(sent && task.kind !== 'start' ? childRequests(plan, id) : [])];
  } else {
    report.outcome = 'skipped';
    // The end of a tracked job does not repeat what its start says.
    if (task.kind !== 'end') {
      report.findings.push({ level: 'notice', title: 'Opper span: skipped', lines: [WITHHELD] });
    }
  }
  if (task.kind === 'start')
    reporter.saveTracked(inputs.dry_run ? task.tracked : beforeResponse(task.tracked));
  if (task.kind === 'wait') reporter.saveTracked(task.tracked);
}

interface SpanRequest {
  readonly id: string;
  readonly sent?: SpanPatch;
  readonly request: readonly UnsentRequest[];
}

/** The request that reads or writes the span itself. */
function spanRequestOf(task: Task, baseUrl: string): SpanRequest {
  switch (task.kind) {
    case 'wait':
      return { id: task.tracked.id, request: [] };
    case 'read':
      return { id: task.id, request: [{ method: 'GET', url: spanUrl(baseUrl, task.id) }] };
    case 'create':
    case 'start':
      return creationOf(task.span, baseUrl);
    default: {
      const { id } = task;
      if (task.kind === 'end' && task.span) return creationOf(task.span, baseUrl);
      const body = patchFor(task.recording);
      const request = isEmptyPatch(body) ? { method: 'GET' } : { method: 'PATCH', body };
      return { id, sent: body, request: [{ ...request, url: spanUrl(baseUrl, id) }] };
    }
  }
}

function creationOf(span: NewSpan, baseUrl: string): SpanRequest {
  const request = { method: 'POST', url: spanUrl(baseUrl), body: { ...span } };
  return { id: span.id, sent: fieldsOf(span), request: [request] };
}

/** The requests that add metrics and case spans to the span. */
function childRequests({ inputs, metrics, caseSpans }: Plan, id: string): UnsentRequest[] {
  const post = { method: 'POST', url: spanUrl(inputs.base_url) };
  return [
    ...metrics.map((body) => ({ ...post, url: metricUrl(inputs.base_url, id), body: { ...body } })),
    ...caseSpans.map((span) => ({ ...post, body: { ...span, parent_id: id } })),
  ];
}
