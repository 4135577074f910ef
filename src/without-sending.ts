import { metricUrl, spanUrl } from './api/client.ts';
import { fieldsOf, type SpanPatch } from './api/span.ts';
import type { Plan } from './plan/plan.ts';
import { isEmpty, patchFor } from './plan/recording.ts';
import type { Task } from './plan/task.ts';
import { trackedSpan } from './plan/track.ts';
import { defined } from './present.ts';
import type { Draft, UnsentRequest } from './report/report.ts';
import type { Reporter } from './report/reporter.ts';

const WITHHELD =
  'GitHub gives no secrets to pull requests from forks and from Dependabot, so there is no API key and nothing was recorded';

/** Reports what would be sent, and sends nothing: for a dry run, or because GitHub withholds the key. */
export function withoutSending(plan: Plan, reporter: Reporter, report: Draft): void {
  const { task } = plan;
  const { id, sent, request } = spanRequestOf(task, plan.inputs.base_url);
  report.sent = sent;
  // A dry run shows the id that the new span would have. Without a key no span is created, so later steps get no id.
  const knownId = plan.inputs.dry_run ? id : plan.inputs.span_id;
  report.span = {
    ...defined({ id: knownId }),
    ...Object.fromEntries(Object.entries(sent ?? {}).filter(([, value]) => value !== null)),
  };
  const { dry_run, baseline, max_drop } = plan.inputs;
  if (max_drop !== undefined && task.kind !== 'start' && task.kind !== 'wait') {
    const line = `Nothing was compared with ${baseline}, so max_drop was not judged`;
    report.findings.push({ level: 'notice', title: 'Opper span: comparison', lines: [line] });
  }
  if (!dry_run) {
    report.outcome = 'skipped';
    report.findings.push({ level: 'notice', title: 'Opper span: skipped', lines: [WITHHELD] });
    return;
  }
  report.outcome = 'dry-run';
  report.dryRun = [...request, ...(sent && task.kind !== 'start' ? childRequests(plan, id) : [])];
  if (task.kind === 'start') reporter.saveTracked(trackedSpan(task.span, task.recording));
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
    case 'update': {
      const { id } = task;
      const body = patchFor(task.recording);
      const request = isEmpty(body) ? { method: 'GET' } : { method: 'PATCH', body };
      return { id, sent: body, request: [{ ...request, url: spanUrl(baseUrl, id) }] };
    }
    default: {
      const { span } = task;
      return {
        id: span.id,
        sent: fieldsOf(span),
        request: [{ method: 'POST', url: spanUrl(baseUrl), body: { ...span } }],
      };
    }
  }
}

/** The requests that add metrics and case spans to the span. */
function childRequests({ inputs, metrics, caseSpans }: Plan, id: string): UnsentRequest[] {
  const post = { method: 'POST', url: spanUrl(inputs.base_url) };
  return [
    ...metrics.map((body) => ({ ...post, url: metricUrl(inputs.base_url, id), body: { ...body } })),
    ...caseSpans.map((span) => ({ ...post, body: { ...span, parent_id: id } })),
  ];
}
