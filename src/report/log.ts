import { present } from '../present.ts';
import { failureLine } from '../results/record.ts';
import { failingCount } from '../results/tests.ts';
import { counted, cut, firstOf, listed, secondsText } from '../text.ts';
import { comparisonLines, markedFailures } from './changes.ts';
import { isNew, type Report } from './report.ts';
import { ROW_TITLES, rowsOf, UNCHANGED } from './rows.ts';
import { caseSpansText, feedbackText, shortened, testsText } from './wording.ts';

const MAX_VALUE = 200;
const MAX_FAILURE = 2000;
const MAX_BODY = 20_000;
const MAX_LISTED = 50;

/**
 * The lines for the log: the span, what changed, how many requests and how long, the results. Each begins with the step's own
 * word, before any untrusted text. What annotations say is not repeated.
 */
export function logOf(report: Report): string[] {
  return [
    ...spanLines(report),
    ...comparisonLines(report),
    ...resultLines(report),
    ...unsentLines(report),
    ...gateLines(report),
  ];
}

function spanLines(report: Report): string[] {
  const { outcome, spanId, span, changed, requests, elapsedMs } = report;
  const effort =
    requests === 0 ? 'nothing sent' : `${counted(requests, 'request')}, ${secondsText(elapsedMs)}`;
  const id = span.id ?? spanId;
  const names = present([
    id && ` ${cut(id, MAX_VALUE)}`,
    span.name && ` "${cut(span.name, MAX_VALUE)}"`,
    span.parent_id && ` under ${cut(span.parent_id, MAX_VALUE)}`,
    // Only for a new span, where parent_id may be empty by mistake. The parent of an existing span may just be unknown.
    isNew(outcome) && span.trace_id && !span.parent_id && ' (root span)',
  ]);
  const rows = rowsOf(report).map(({ field, before, after }) => {
    const arrow = before === undefined ? '' : `${cut(before, MAX_VALUE)} → `;
    return `  ${field}: ${arrow}${cut(after, MAX_VALUE)}`;
  });
  const feedback = feedbackText(span.feedback);
  const isPlain = outcome === 'updated' || outcome === 'read' || rows.length === 0;
  return present([
    `Span${names.join('')}: ${outcome} (${effort})`,
    !isPlain && `${ROW_TITLES[outcome]}:`,
    ...rows,
    changed?.length === 0 && `  ${UNCHANGED}`,
    feedback && `  human feedback: ${cut(feedback, MAX_VALUE)}`,
  ]);
}

function resultLines(report: Report): string[] {
  const { tests, files, metrics, caseSpans } = report;
  const failures = markedFailures(report).map(
    (failure) => `✗ ${failure.isNew ? 'new: ' : ''}${cut(failureLine(failure), MAX_FAILURE)}`,
  );
  const total = tests ? failingCount(tests) : 0;
  const values = Object.entries(metrics ?? {}).map(
    ([name, value]) => `${cut(name, MAX_VALUE)} ${shortened(value)}`,
  );
  return present([
    tests && `Results: ${testsText(tests)}, from ${listed(tests.files)}`,
    files.length > 0 && `Results: from ${listed(files)}`,
    ...firstOf(failures, MAX_LISTED, total).map((line) => `  ${line}`),
    values.length > 0 && `Metrics: ${firstOf(values, MAX_LISTED).join(', ')}`,
    caseSpans && caseSpansText(caseSpans),
  ]);
}

function unsentLines({ dryRun }: Report): string[] {
  const lines = dryRun.map(({ method, url, body }) =>
    present(['Not sent:', method, url, body !== undefined && cut(JSON.stringify(body), MAX_BODY)]).join(' '),
  );
  return firstOf(lines, MAX_LISTED);
}

/** Only gates that are passed. A missed gate is an annotation. */
function gateLines({ gates }: Report): string[] {
  return gates.filter(({ isPassed }) => isPassed).map(({ text }) => `Gate: ${text}`);
}
