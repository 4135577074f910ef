import { durationMsOf } from '../api/span.ts';
import { textOf } from '../text.ts';
import type { Report } from './report.ts';

/** The outputs of action.yml, in its order, each with its value. Whatever is unknown becomes ''. */
const VALUES = {
  outcome: ({ outcome }) => outcome,
  id: ({ span, spanId }) => span.id ?? spanId,
  name: ({ span }) => span.name,
  type: ({ span }) => span.type,
  start_time: ({ span }) => span.start_time,
  end_time: ({ span }) => span.end_time,
  duration_ms: ({ span }) => durationMsOf(span),
  input: ({ span }) => span.input,
  output: ({ span }) => span.output,
  error: ({ span }) => span.error,
  meta: ({ span }) => span.meta,
  score: ({ span }) => span.score,
  trace_id: ({ span }) => span.trace_id,
  parent_id: ({ span }) => span.parent_id,
  feedback_score: ({ span }) => span.feedback?.score,
  feedback_comment: ({ span }) => span.feedback?.comment,
  changed: ({ changed }) => changed,
  metrics: ({ metrics }) => metrics,
  case_spans: ({ caseSpans }) => caseSpans?.created,
  span: ({ span }) => (Object.keys(span).length > 0 ? span : undefined),
  // The paths of files are known only when those are written.
  span_file: () => undefined,
  summary_file: () => undefined,
  baseline_score: ({ comparison }) => comparison?.score,
  score_change: ({ comparison }) => comparison && changeText(comparison.score_change),
  comparison: ({ comparison }) => comparison,
  status: ({ status }) => status,
} as const satisfies Readonly<Record<string, (report: Report) => unknown>>;

export type OutputName = keyof typeof VALUES;
export type Outputs = Readonly<Record<OutputName, string>>;
export const OUTPUTS = Object.keys(VALUES) as readonly OutputName[];

// GitHub limits the outputs of a job together, counted in UTF-16 (docs.github.com, "Passing information between jobs").
const MAX_OUTPUTS_BYTES = 1024 * 1024;

/** All outputs as text, objects as JSON. The paths of files are left empty. */
export function outputsOf(report: Report): Outputs {
  return Object.fromEntries(OUTPUTS.map((name) => [name, textOf(VALUES[name](report))])) as Outputs;
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
  const bytes = (name: OutputName) => 2 * (name.length + outputs[name].length);
  let total = OUTPUTS.reduce((sum, name) => sum + bytes(name), 0);
  const dropped: string[] = [];
  for (const name of OUTPUTS.toSorted((a, b) => bytes(b) - bytes(a))) {
    if (total < MAX_OUTPUTS_BYTES) break;
    total -= 2 * outputs[name].length;
    dropped.push(name);
  }
  return { fit: { ...outputs, ...Object.fromEntries(dropped.map((name) => [name, ''])) }, dropped };
}
