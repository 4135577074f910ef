import type { Trace, TraceSpan } from '../api/traces.ts';
import { RESULT_FACT } from '../job.ts';
import { type JsonObject, sameJson } from '../json.ts';
import { instantOf } from '../timestamp.ts';

/** The run to compare, and what it recorded. */
export interface OwnRun {
  /** The name of the span. */
  readonly name: string;
  /** The branch to compare with. */
  readonly branch: string;
  readonly score: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** The names of all cases that failed or errored; undefined if they are not all known. */
  readonly failing: readonly string[] | undefined;
  /** What is known about the job, under the names that `meta` has for it. */
  readonly facts: JsonObject;
}

/** A span to compare with, and its children. */
export interface Baseline {
  readonly trace: Trace;
  readonly span: TraceSpan;
  readonly children: readonly TraceSpan[];
}

// Events that run what is on the branch. A comment or a pull request runs on the default branch too, or says that it does.
const EVENTS = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'release', 'workflow_run'];
const REPOSITORY = ['vcs.owner.name', 'vcs.repository.name'];
const RUN = 'cicd.pipeline.run.id';

/** Whether a span is an earlier run, on the branch, of what `own` runs: not of a pull request, a fork, a tag or the same run. */
function isBaseline({ name, score, meta }: TraceSpan, own: OwnRun): boolean {
  const facts = meta ?? {};
  return (
    name === own.name &&
    typeof score === 'number' &&
    REPOSITORY.every((key) => typeof facts[key] === 'string' && facts[key] === own.facts[key]) &&
    facts['vcs.ref.head.name'] === own.branch &&
    facts['vcs.ref.head.type'] === 'branch' &&
    facts['vcs.change.id'] === undefined &&
    EVENTS.includes(String(facts['github.event_name'])) &&
    facts[RESULT_FACT] !== 'cancellation' &&
    typeof facts[RUN] === 'string' &&
    facts[RUN] !== own.facts[RUN]
  );
}

/** The baseline in a trace. Of several, the one with the same matrix, else the newest. */
export function baselineIn(trace: Trace, own: OwnRun): Baseline | undefined {
  const spans = trace.spans ?? [];
  const all = spans.filter((span) => isBaseline(span, own));
  const same = all.filter(({ meta }) => sameJson(meta?.['github.matrix'], own.facts['github.matrix']));
  const [span] = (same.length > 0 ? same : all).sort((a, b) => startOf(b) - startOf(a));
  return (
    span && { trace, span, children: spans.filter(({ parent_id }) => parent_id && parent_id === span.id) }
  );
}

/** When a span or trace started, in milliseconds; before everything if that is unknown. */
export function startOf({ start_time }: Pick<TraceSpan, 'start_time'>): number {
  return instantOf(start_time) ?? Number.NEGATIVE_INFINITY;
}
