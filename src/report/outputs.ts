import { durationMsOf } from '../api/span.ts';
import { textOf } from '../text.ts';
import type { Report } from './report.ts';

/** The outputs of action.yml, in its order. */
export const OUTPUTS = [
  'outcome',
  'id',
  'name',
  'type',
  'start_time',
  'end_time',
  'duration_ms',
  'input',
  'output',
  'error',
  'meta',
  'score',
  'trace_id',
  'parent_id',
  'feedback_score',
  'feedback_comment',
  'changed',
  'metrics',
  'case_spans',
  'span',
  'span_file',
  'summary_file',
  'baseline_score',
  'score_change',
  'comparison',
  'status',
] as const;
export type Outputs = Readonly<Record<(typeof OUTPUTS)[number], string>>;

// GitHub limits the outputs of a job together, counted in UTF-16 (docs.github.com, "Passing information between jobs").
const MAX_OUTPUTS_BYTES = 1024 * 1024;

/** All outputs as text; '' if unknown. The paths of files are left empty here. */
export function outputsOf({
  outcome,
  spanId,
  span,
  changed,
  metrics,
  caseSpans,
  comparison,
  status,
}: Report): Outputs {
  return {
    outcome,
    id: span.id ?? spanId ?? '',
    name: textOf(span.name),
    type: textOf(span.type),
    start_time: textOf(span.start_time),
    end_time: textOf(span.end_time),
    duration_ms: textOf(durationMsOf(span)),
    input: textOf(span.input),
    output: textOf(span.output),
    error: textOf(span.error),
    meta: textOf(span.meta),
    score: textOf(span.score),
    trace_id: textOf(span.trace_id),
    parent_id: textOf(span.parent_id),
    feedback_score: textOf(span.feedback?.score),
    feedback_comment: textOf(span.feedback?.comment),
    changed: textOf(changed),
    metrics: textOf(metrics),
    case_spans: textOf(caseSpans?.created),
    span: Object.keys(span).length > 0 ? JSON.stringify(span) : '',
    span_file: '',
    summary_file: '',
    baseline_score: textOf(comparison?.score),
    score_change: comparison ? changeText(comparison.score_change) : '',
    comparison: textOf(comparison),
    status: textOf(status),
  };
}

/** `-18`, `+3` or `0`. */
function changeText(change: number): string {
  return change > 0 ? `+${change}` : String(change);
}

/** The outputs, cut to GitHub's limit by leaving the longest ones empty. `dropped` names those. */
export function fittingOutputs(outputs: Outputs): {
  readonly fit: Outputs;
  readonly dropped: readonly string[];
} {
  const bytes = (name: keyof Outputs) => 2 * (name.length + outputs[name].length);
  let total = OUTPUTS.reduce((sum, name) => sum + bytes(name), 0);
  const dropped: string[] = [];
  for (const name of OUTPUTS.toSorted((a, b) => bytes(b) - bytes(a))) {
    if (total < MAX_OUTPUTS_BYTES) break;
    total -= 2 * outputs[name].length;
    dropped.push(name);
  }
  return { fit: { ...outputs, ...Object.fromEntries(dropped.map((name) => [name, ''])) }, dropped };
}
