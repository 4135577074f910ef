import { randomUUID } from 'node:crypto';
import { type Json, numberOf, parseExactJson } from '../../src/json.ts';
import { NEW_METRIC, NEW_SPAN, parseTime, problemsOf, type Schema } from './span-schema.ts';

/** A span as stored by the server. Every field is present, `null` if unknown. Times are in UTC, as `…+00:00`. */
export interface Span {
  id: string;
  name: string;
  type: string | null;
  start_time: string | null;
  end_time: string | null;
  input: unknown;
  output: unknown;
  error: string | null;
  meta: Record<string, unknown> | null;
  score: number | null;
  trace_id: string | null;
  parent_id: string | null;
  feedback: { score: number; comment: string | null } | null;
}

export interface Metric {
  dimension: string;
  value: number;
  comment: string | null;
  id: string;
  span_id: string;
  created_at: string;
}

/** A trace in the list. */
export interface Trace {
  id: string;
  name: string;
  start_time: string | null;
  end_time: string | null;
}

/** Behaviour of the API that is not documented. The default is the first of each. */
export interface StoreOptions {
  /** What a PATCH of `meta` does to stored keys that it does not have. */
  readonly meta?: 'replace' | 'merge';
  /** What an explicit `null` in a PATCH does. A `name` is never cleared. */
  readonly nulls?: 'clear' | 'ignore';
  /**
   * What happens to the `id` in a POST. `honoured`: the span gets it, and a second POST returns the stored span. `replaced`: a second POST
   * overwrites it. `refused`: a second POST gets 409. `ignored`: the server chooses an id, so every POST creates a span.
   */
  readonly ids?: 'honoured' | 'replaced' | 'refused' | 'ignored';
  /** How many GETs of a new span return 404, and of a new trace, which is not listed until then. Default: 0. */
  readonly visibleAfter?: number;
  /** How the list of traces is sorted. */
  readonly traceOrder?: 'newest first' | 'oldest first';
  /** Which traces the filter `name` finds: those whose name contains it, or only those with that name. */
  readonly traceNames?: 'contain' | 'equal';
  /** What a second POST of a dimension does: 409, or a second metric. */
  readonly metrics?: 'refused' | 'repeated';
}

export type NewSpanFields = Partial<Span> & Pick<Span, 'name'>;
export type NewMetricFields = Partial<Metric> & Pick<Metric, 'dimension' | 'value'>;

/** The API rejects a request. `detail` goes into the response. */
export class Refusal extends Error {
  readonly status: 401 | 404 | 409 | 422;
  readonly detail: unknown;

  constructor(status: Refusal['status'], detail: unknown) {
    super(`${status} ${JSON.stringify(detail)}`);
    this.status = status;
    this.detail = detail;
  }
}

export type SpanStore = ReturnType<typeof createStore>;

/** Spans and their metrics, in memory. Input must have been checked, and results are copies. Throws {@link Refusal}. */
export function createStore(options: StoreOptions) {
  const { meta = 'replace', nulls = 'clear', ids = 'honoured', visibleAfter = 0 } = options;
  const spans = new Map<string, Span>();
  const metrics: Metric[] = [];
  /** How many more GETs of a span will return 404. */
  const hidden = new Map<string, number>();

  function stored(id: string): Span {
    const span = spans.get(id.toLowerCase());
    if (span === undefined) throw new Refusal(404, `Span ${id} not found`);
    return span;
  }

  function metricOf(spanId: string, id: string): Metric {
    const metric = metrics.find((each) => each.id === id && each.span_id === stored(spanId).id);
    if (metric === undefined) throw new Refusal(404, `Metric ${id} not found`);
    return metric;
  }

  /** Throws the first times that a new span or trace is read. */
  function reveal(id: string, kind: string): void {
    const left = hidden.get(id) ?? 0;
    if (left === 0) return;
    hidden.set(id, left - 1);
    throw new Refusal(404, `${kind} ${id} not found`);
  }

  const traces = () => Map.groupBy(spans.values(), ({ trace_id }) => trace_id ?? '');

  /** The entry of a trace in the list. Its name and times are those of its root span. */
  function traceOf(id: string, members: readonly Span[]): Trace {
    const { name, start_time, end_time } = members.find(({ parent_id }) => parent_id === null) ?? BLANK_SPAN;
    return { id, name, start_time, end_time };
  }

  /** A span inside of its trace. */
  function spanInTrace(span: Span): object {
    const { trace_id: _, feedback: __, input, output, ...shown } = copyOf(span);
    const own = metrics
      .filter(({ span_id }) => span_id === span.id)
      .map(({ span_id: _, ...metric }) => metric);
    return { ...shown, metrics: own, data: { input: textOf(input), output: textOf(output) } };
  }

  /** Stores only the given fields, with a new id unless one is given. */
  function insert(fields: NewSpanFields): Span {
    const given = Object.entries(fields).filter(
      ([field, value]) => field in BLANK_SPAN && value !== undefined,
    );
    const span = copyOf({ ...BLANK_SPAN, id: randomUUID(), ...Object.fromEntries(given) });
    span.id = span.id.toLowerCase();
    normalise(span);
    spans.set(span.id, span);
    return copyOf(span);
  }

  function insertMetric(spanId: string, { dimension, value, comment = null }: NewMetricFields): Metric {
    const created_at = now();
    const metric = { dimension, value, comment, id: randomUUID(), span_id: stored(spanId).id, created_at };
    metrics.push(metric);
    return { ...metric };
  }

  return {
    insert(fields: NewSpanFields): Span {
      checked(fields, NEW_SPAN);
      return insert(fields);
    },

    /** Makes a span like the API: with defaults for missing fields, and a child in its parent's trace. */
    post(fields: NewSpanFields): Span {
      const id = ids === 'ignored' ? randomUUID() : (fields.id ?? randomUUID()).toLowerCase();
      const same = spans.get(id);
      if (same !== undefined && ids === 'refused') throw new Refusal(409, `Span ${id} already exists`);
      if (same !== undefined && ids === 'honoured') return copyOf(same);
      const parent = fields.parent_id == null ? undefined : stored(fields.parent_id);
      const trace_id = parent?.trace_id ?? fields.trace_id ?? randomUUID();
      for (const each of [id, trace_id]) if (!hidden.has(each)) hidden.set(each, visibleAfter);
      return insert({
        ...fields,
        id,
        parent_id: parent?.id ?? null,
        trace_id,
        start_time: fields.start_time ?? now(),
      });
    },

    get(id: string): Span {
      const span = stored(id);
      reveal(span.id, 'Span');
      return copyOf(span);
    },

    trace(id: string): Trace & { spans: object[] } {
      const members = traces().get(id.toLowerCase());
      if (members === undefined) throw new Refusal(404, `Trace ${id} not found`);
      reveal(id.toLowerCase(), 'Trace');
      return { ...traceOf(id.toLowerCase(), members), spans: members.map(spanInTrace) };
    },

    listTraces(name: string): Trace[] {
      const list = [...traces()].flatMap(([id, members]) =>
        id === '' || hidden.get(id) ? [] : [traceOf(id, members)],
      );
      const isWanted = (each: Trace) =>
        options.traceNames === 'equal' ? each.name === name : each.name.includes(name);
      const oldestFirst = list
        .filter(isWanted)
        .sort((a, b) => Date.parse(a.start_time ?? '') - Date.parse(b.start_time ?? ''));
      return options.traceOrder === 'oldest first' ? oldestFirst : oldestFirst.reverse();
    },

    patch(id: string, patch: Readonly<Record<string, unknown>>): Span {
      const span = stored(id);
      for (const field of PATCHABLE) {
        const value = patch[field];
        if (value === undefined) continue;
        if (value === null && (nulls === 'ignore' || field === 'name')) continue;
        const merges = field === 'meta' && meta === 'merge' && value !== null;
        Object.assign(span, { [field]: merges ? { ...span.meta, ...value } : value });
      }
      normalise(span);
      return copyOf(span);
    },

    /** Every span, the oldest first. */
    all: (): Span[] => [...spans.values()].map(copyOf),

    /** Undefined if the span does not exist. Finds hidden spans too. */
    find(id: string): Span | undefined {
      const span = spans.get(id.toLowerCase());
      return span && copyOf(span);
    },

    insertMetric(spanId: string, fields: NewMetricFields): Metric {
      checked(fields, NEW_METRIC);
      return insertMetric(spanId, fields);
    },

    postMetric(spanId: string, fields: NewMetricFields): Metric {
      const { id } = stored(spanId);
      const exists = metrics.some((each) => each.span_id === id && each.dimension === fields.dimension);
      if (exists && options.metrics !== 'repeated') {
        throw new Refusal(409, `Metric ${fields.dimension} of span ${id} already exists`);
      }
      return insertMetric(id, { ...fields, value: double(fields.value) });
    },

    metric: (spanId: string, id: string): Metric => ({ ...metricOf(spanId, id) }),

    /** The metrics of a span, the oldest first. */
    metricsOf(spanId: string): Metric[] {
      const { id } = stored(spanId);
      return metrics.filter((each) => each.span_id === id).map((each) => ({ ...each }));
    },

    patchMetric(spanId: string, id: string, patch: Partial<Metric>): Metric {
      const metric = metricOf(spanId, id);
      metric.dimension = patch.dimension ?? metric.dimension;
      metric.value = double(patch.value ?? metric.value);
      if (patch.comment !== undefined && (patch.comment !== null || nulls === 'clear')) {
        metric.comment = patch.comment;
      }
      return { ...metric };
    },

    deleteMetric(spanId: string, id: string): void {
      metrics.splice(metrics.indexOf(metricOf(spanId, id)), 1);
    },
  };
}

/** A span on which nothing is recorded. */
const BLANK_SPAN: Span = {
  id: '',
  name: '',
  type: null,
  start_time: null,
  end_time: null,
  input: null,
  output: null,
  error: null,
  meta: null,
  score: null,
  trace_id: null,
  parent_id: null,
  feedback: null,
};
// biome-ignore format: one list
const PATCHABLE = ['name', 'start_time', 'type', 'end_time', 'input', 'output', 'error', 'meta', 'score'] as const;

/** Checks a test's data too, so that no test uses an impossible span. */
function checked(fields: object, schema: Schema): void {
  const problems = problemsOf(fields, schema);
  if (problems.length > 0) throw new TypeError(`cannot be stored: ${JSON.stringify(problems)}`);
}

function normalise(span: Span): void {
  if (span.start_time !== null) span.start_time = parseTime(span.start_time) ?? span.start_time;
  if (span.end_time !== null) span.end_time = parseTime(span.end_time) ?? span.end_time;
  if (span.score !== null) span.score = double(span.score);
}

/** Columns for numbers are doubles. Only free JSON keeps its digits. */
function double(value: unknown): number {
  return numberOf(value as Json) ?? Number.NaN;
}

/** In a trace, input and output are text. */
function textOf(value: unknown): string | null {
  return value === null || typeof value === 'string' ? value : JSON.stringify(value);
}

/** A copy that keeps every number's digits, which `structuredClone` does not. */
function copyOf(span: Span): Span {
  return parseExactJson(JSON.stringify(span)) as unknown as Span;
}

function now(): string {
  return parseTime(new Date().toISOString()) as string;
}
