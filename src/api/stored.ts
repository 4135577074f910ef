import { isJsonObject, type Json, type JsonObject, parseExactJson, sameJson } from '../json.ts';
import { defined, present } from '../present.ts';
import { cut, textOf } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import {
  durationMsOf,
  type NewSpan,
  SPAN_FIELDS,
  type Span,
  type SpanField,
  type SpanPatch,
} from './span.ts';

// Both sides of a comparison must fit in one line.
const MAX_COMPARED = 500;

/** The fields that differ between two states of a span. Times are compared as instants; null counts as absent. */
export function changesBetween(before: Span, after: Span): readonly SpanField[] {
  return SPAN_FIELDS.filter((field) => !sameValue(field, before[field], after[field]));
}

/** What was sent to change or create a span. */
type Sent = SpanPatch & Pick<NewSpan, 'parent_id' | 'trace_id'>;

/**
 * What is wrong with a span in a successful response: a field that is not what was sent, or an end before the start. `isMerged`
 * means that the sent `meta` included the stored one. Then only the sent keys are compared, since another job may have added a
 * key in between.
 */
export function storedWarnings(sent: Sent, span: Span, isMerged: boolean): string[] {
  const warnings = fieldWarnings(sent, span, isMerged);
  if ((durationMsOf(span) ?? 0) < 0) {
    warnings.push(`end_time ${span.end_time} is before start_time ${span.start_time}`);
  }
  return warnings;
}

/** The first field of a case span that is not what was sent. Input and output may be missing: a project may retain no data. */
export function caseSpanWarning({ input, output, ...sent }: NewSpan, span: Span): string | undefined {
  const kept = {
    ...(valueOrNull(span.input) !== null && { input }),
    ...(valueOrNull(span.output) !== null && { output }),
  };
  return fieldWarnings({ ...sent, ...defined(kept) }, span, false)[0];
}

function fieldWarnings(sent: Sent, span: Span, isMerged: boolean): string[] {
  return present([
    ...SPAN_FIELDS.map((field) => storedWarning(field, sent, span, isMerged)),
    ...PLACE_FIELDS.map((field) => placeWarning(field, sent, span)),
  ]);
}

// UUIDs, which are the same in either case.
const PLACE_FIELDS = ['parent_id', 'trace_id'] as const;

function placeWarning(field: (typeof PLACE_FIELDS)[number], sent: Sent, span: Span): string | undefined {
  const wanted = sent[field];
  if (wanted === undefined || wanted.toLowerCase() === span[field]?.toLowerCase()) return undefined;
  return notStored(field, wanted, span[field]);
}

function storedWarning(field: SpanField, patch: Sent, span: Span, isMerged: boolean): string | undefined {
  const [sent, stored] = [patch[field], span[field]];
  if (sent === undefined || sameValue(field, sent, stored)) return undefined;
  if (sent === null) return `${field} was not cleared: the span still has ${shown(stored)}`;
  if (isJsonObject(sent) && isJsonObject(stored)) {
    const lost = without(sent, stored);
    if (isMerged && Object.keys(lost).length === 0) return undefined;
    return notStored(field, lost, without(stored, sent));
  }
  if ((field === 'input' || field === 'output') && valueOrNull(stored) === null) {
    return `${field} was sent, but the span has none. A project keeps input and output only if retention is on`;
  }
  return notStored(field, sent, stored);
}

function notStored(field: string, sent: Json, stored: Json | undefined): string {
  return `${field} was not stored as sent: sent ${shown(sent)}, the span has ${shown(stored)}`;
}

function shown(value: Json | undefined): string {
  const text = cut(textOf(value), MAX_COMPARED);
  return typeof value === 'string' && text ? `"${text}"` : text || 'nothing';
}

/** Drops the entries of `object` that `other` has with the same value. */
function without(object: JsonObject, other: JsonObject): JsonObject {
  const entries = Object.entries(object);
  return Object.fromEntries(
    entries.filter(([key, value]) => !Object.hasOwn(other, key) || !sameJson(value, other[key])),
  );
}

/** Null, absent and empty text are equal. So are a text and the JSON that a server parsed from it. */
function sameValue(field: SpanField, a: Json | undefined, b: Json | undefined): boolean {
  if (field.endsWith('_time') && typeof a === 'string' && typeof b === 'string') {
    const instant = instantOf(a);
    return instant === undefined ? a === b : instant === instantOf(b);
  }
  return (
    sameJson(valueOrNull(a), valueOrNull(b)) ||
    (typeof a === 'string' && typeof b !== 'string' && isTextOf(a, b))
  );
}

function valueOrNull(value: Json | undefined): Json {
  return value === undefined || value === '' ? null : value;
}

function isTextOf(text: string, value: Json | undefined): boolean {
  try {
    return sameJson(parseExactJson(text), value);
  } catch {
    return false;
  }
}
