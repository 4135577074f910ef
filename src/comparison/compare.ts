import { newestOf } from '../api/metric.ts';
import type { TraceSpan } from '../api/traces.ts';
import type { JsonObject } from '../json.ts';
import { defined } from '../present.ts';
import { isFailing } from '../results/tests.ts';
import type { Baseline, OwnRun } from './baseline.ts';
import type { Comparison } from './comparison.ts';

const MAX_NAMES = 100;

/** Compares what was recorded with a baseline, which has a score. */
export function compare({ trace, span, children }: Baseline, own: OwnRun): Comparison {
  const score = span.score ?? 0;
  const meta = span.meta ?? {};
  const before = newestOf(span.metrics ?? []);
  const metrics = Object.entries(own.metrics).flatMap(([dimension, after]) => {
    const metric = before.get(dimension);
    return metric ? [[dimension, { before: metric.value, after }] as const] : [];
  });
  const failed = failingIn(span, children);
  const isCompared = failed !== undefined && own.failing !== undefined;
  return defined({
    span_id: span.id ?? undefined,
    trace_id: trace.id,
    branch: own.branch,
    revision: textFact(meta, 'vcs.ref.head.revision'),
    run_url: ownRunUrl(textFact(meta, 'cicd.pipeline.run.url.full'), own.facts),
    start_time: span.start_time ?? undefined,
    score,
    score_change: own.score - score,
    metrics: Object.fromEntries(metrics),
    newly_failed: isCompared ? without(own.failing, failed) : undefined,
    no_longer_failing: isCompared ? without(failed, own.failing) : undefined,
  });
}

/** The names of the cases that failed in the baseline; undefined if it has no span for some of them. */
function failingIn({ meta }: TraceSpan, children: readonly TraceSpan[]): string[] | undefined {
  const [failed, errored] = [meta?.['test.failed'], meta?.['test.errored']];
  if (typeof failed !== 'number' || typeof errored !== 'number') return undefined;
  const caseSpans = children.filter(({ type }) => type === 'test');
  return failingAmong(caseSpans, failed + errored);
}

/** The names of the case spans that failed or errored; undefined if some of the `of` such cases have no span. */
export function failingAmong(caseSpans: readonly TraceSpan[], of: number): string[] | undefined {
  const failing = caseSpans.filter(({ meta }) => isFailing(meta?.['test.status']));
  return failing.length === of ? failing.map(({ name }) => name ?? '') : undefined;
}

/** The names that `others` lacks. If `names` has a name three times and `others` once, it is returned twice. */
function without(names: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const name of others) left.set(name, (left.get(name) ?? 0) + 1);
  const missing = names.filter((name) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count <= 0;
  });
  return missing.slice(0, MAX_NAMES);
}

function textFact(facts: JsonObject, name: string): string | undefined {
  const value = facts[name];
  return typeof value === 'string' ? value : undefined;
}

/** The address, if it is that of a run in this repository. Anyone who can write spans can write any address. */
function ownRunUrl(url: string | undefined, facts: JsonObject): string | undefined {
  const runs = `${textFact(facts, 'vcs.repository.url.full')}/actions/runs/`;
  return url?.startsWith(runs) && /^\d+$/.test(url.slice(runs.length)) ? url : undefined;
}
