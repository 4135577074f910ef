import type { Client, TraceOptions } from '../api/client.ts';
import type { Span } from '../api/span.ts';
import type { Trace, TracePage } from '../api/traces.ts';
import { ApiError } from '../errors.ts';
import { instantOf } from '../timestamp.ts';
import { type Baseline, baselineIn, type OwnRun, startOf } from './baseline.ts';

const AT_ONCE = 4;

/**
 * Searches the newest traces with the name of the span's own trace, at most one page of them, for an earlier run on the branch.
 * Candidates that cannot be read are skipped. `isCut` means that there are more traces than were searched. Throws {@link ApiError}
 * for any other failure.
 */
export async function findBaseline(
  client: Client,
  span: Pick<Span, 'trace_id' | 'parent_id' | 'start_time'>,
  own: OwnRun,
  options: TraceOptions,
): Promise<{ readonly baseline?: Baseline; readonly isCut: boolean }> {
  const { trace_id: traceId, parent_id: parentId } = span;
  // The name of a trace is that of its root.
  const trace = parentId && traceId ? await client.readTrace(traceId, { ...options, isNew: true }) : span;
  const name = ('name' in trace && trace.name) || own.name;
  const { page, isCut } = await newestPage(client, name, options);
  const start = instantOf(trace.start_time) ?? Number.POSITIVE_INFINITY;
  const candidates = page.data
    .filter((each) => each.name === name && each.id !== traceId && startOf(each) <= start)
    .sort((a, b) => startOf(b) - startOf(a));
  for (let at = 0; at < candidates.length; at += AT_ONCE) {
    const some = candidates.slice(at, at + AT_ONCE).map(({ id }) => readCandidate(client, id, options));
    for (const result of await Promise.allSettled(some)) {
      // A failure matters only if no newer trace has the baseline.
      if (result.status === 'rejected') throw result.reason;
      const baseline = result.value && baselineIn(result.value, own);
      if (baseline) return { baseline, isCut };
    }
  }
  return { isCut };
}

/** The page with the newest traces: the first, or the last if the list begins with the oldest. */
async function newestPage(
  client: Client,
  name: string,
  options: TraceOptions,
): Promise<{ readonly page: TracePage; readonly isCut: boolean }> {
  const page = await client.listTraces(name, 0, options);
  const { meta, data } = page;
  const isCut = meta.total_count > data.length;
  const isOldestFirst = startOf(data[0] ?? {}) < startOf(data.at(-1) ?? {});
  if (!isCut || !isOldestFirst) return { page, isCut };
  return { page: await client.listTraces(name, meta.total_count - data.length, options), isCut };
}

/** Undefined if it cannot be read: it is gone, too large, or not a trace. */
async function readCandidate(client: Client, id: string, options: TraceOptions): Promise<Trace | undefined> {
  try {
    return await client.readTrace(id, options);
  } catch (error) {
    const status = error instanceof ApiError ? error.status : undefined;
    if (status === undefined || (status >= 400 && status !== 404)) throw error;
    return undefined;
  }
}
