import { SPAN_FIELDS, type Span, type SpanField, type SpanPatch } from '../api/span.ts';
import { sameJson } from '../json.ts';
import { failingCount } from '../results/tests.ts';
import { counted, textOf } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import type { Outcome, Report } from './report.ts';

/** A field and its value as text; `before` is undefined if there was nothing before, or if that is not known. */
export interface Row {
  readonly field: SpanField;
  readonly before: string | undefined;
  readonly after: string;
}

/** The heading of the rows. */
export const ROW_TITLES: Readonly<Record<Outcome, string>> = {
  updated: 'Recorded',
  read: 'Value',
  created: 'Recorded',
  tracking: 'Recorded so far',
  'dry-run': 'Would be recorded',
  skipped: 'Not recorded',
  failed: 'Should have been recorded',
};

export const UNCHANGED = 'no field changed: the span already had these values';
const NOTHING = '(nothing)';

/**
 * The fields to show. After an update: those that changed, before and after. If the span was not read before: all that were
 * sent. After a failure: all that should have been sent. After `get`: all that the span has.
 */
export function rowsOf(report: Report): Row[] {
  const { outcome, sent, before, changed, span } = report;
  const values = outcome === 'failed' && sent ? sent : span;
  const recorded = changed ?? SPAN_FIELDS.filter((field) => sent && field in sent);
  const fields = outcome === 'read' ? SPAN_FIELDS.filter((field) => textOf(span[field])) : recorded;
  const old = changed && before;
  return fields.map((field) => ({
    field,
    before: old && textOf(old[field]) ? valueText(field, old) : undefined,
    after: field === 'meta' ? changedKeysText(old?.meta, values.meta) : newText(field, values, report),
  }));
}

function newText(field: SpanField, values: Partial<Span> | SpanPatch, { tests }: Report): string {
  const text = valueText(field, values);
  return field === 'error' && tests && repeatsFailures(text, tests.failures)
    ? `(${counted(failingCount(tests), 'failure')})`
    : text;
}

/** Whether an error only repeats the list of failures. */
function repeatsFailures(error: string, failures: readonly { readonly name: string }[]): boolean {
  const isRepeated = (line: string) =>
    /^and \d+ more$/.test(line) || failures.some(({ name }) => line.startsWith(name));
  return error.split('\n').every(isRepeated);
}

function valueText(field: SpanField, values: Partial<Span> | SpanPatch): string {
  if (field === 'meta') return keysText(values.meta);
  const text = textOf(values[field]);
  if (text === '') return NOTHING;
  const instant = field.endsWith('_time') ? instantOf(text) : undefined;
  // To the second. The outputs have the exact time.
  return instant === undefined
    ? text
    : `${new Date(instant).toISOString().replace('T', ' ').replace(/\..*/, '')} UTC`;
}

/** `4 keys: dataset, vcs.*`: how many keys there are, and which of them changed. */
function changedKeysText(old: Span['meta'], now: Span['meta']): string {
  const changed = Object.entries(now ?? {}).filter(([key, value]) => !sameJson(old?.[key], value));
  return [keysText(now), ...familiesOf(changed.map(([key]) => key))].join(', ').replace(', ', ': ');
}

function keysText(meta: Span['meta']): string {
  return counted(Object.keys(meta ?? {}).length, 'key');
}

/** Groups keys by prefix: `vcs.owner.name` and `vcs.repository.name` become `vcs.*`. */
function familiesOf(keys: readonly string[]): string[] {
  const families = Map.groupBy(keys, (key) => key.split('.')[0]);
  return [...families].map(([family, those]) => (those.length > 1 ? `${family}.*` : those.join()));
}
