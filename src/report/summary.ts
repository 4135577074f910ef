import { durationMsOf } from '../api/span.ts';
import { present } from '../present.ts';
import type { TestRun } from '../results/run.ts';
import { counted, cut, secondsText, textOf } from '../text.ts';
import { attribute, html } from './inert.ts';
import type { Finding, Outcome, Report } from './report.ts';
import { ROW_TITLES, rowsOf, UNCHANGED } from './rows.ts';
import { countsText, feedbackText, firstOf, shortened } from './wording.ts';

// GitHub's limit is 1 MiB.
const MAX_SUMMARY_BYTES = 1_000_000;
const MAX_LINE = 1000;
const MAX_LINES = 50;
const MAX_CELL = 300;
const MAX_KEYS = 100;

const ENDINGS: Readonly<Record<Outcome, readonly [icon: string, text: string]>> = {
  updated: ['✅', 'Opper span updated'],
  read: ['📖', 'Opper span read'],
  created: ['✅', 'Opper span created'],
  tracking: ['⏳', 'Opper span started'],
  'dry-run': ['🧪', 'Opper dry run, nothing sent'],
  skipped: ['⏭️', 'Opper step skipped'],
  failed: ['❌', 'Opper step failed'],
};
const MARKS: Readonly<Record<Finding['level'], string>> = { error: '❌', warning: '⚠️', notice: 'ℹ️' };
const LEVELS = Object.keys(MARKS);

const BAR_LENGTH = 20;
const SQUARES = { passed: '🟩', failed: '🟥', errored: '🟧', skipped: '⬜' } as const;

const TRACES = 'https://platform.opper.ai/traces';

/**
 * The job summary as Markdown, below 1 MiB: how the run went, what went wrong, then the span and what changed on it.
 * Untrusted text is escaped for HTML and placed in HTML blocks, where Markdown is not parsed (CommonMark 0.31, section 4.6),
 * inside `<code>`, where GitHub does not link mentions, issues and addresses. Only a blank line would end such a block, and
 * escaped text cannot contain one.
 */
export function summaryOf(report: Report): string {
  const { findings, tests } = report;
  const ranked = findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const blocks = present([
    headingOf(report),
    ...ranked.map(findingBlock),
    tests && testsBlock(tests),
    spanBlock(report),
    rowsBlock(report),
    measuresBlock(report),
    unsentBlock(report),
    metaBlock(report),
  ]);
  return `${fittingBlocks(blocks).join('\n\n')}\n\n`;
}

/** Drops the first block that does not fit, and all after it. */
function fittingBlocks(blocks: readonly string[]): string[] {
  let total = 0;
  return blocks.filter((block) => {
    total += Buffer.byteLength(block) + 2;
    return total < MAX_SUMMARY_BYTES;
  });
}

/** `❌ Job failed, 15 of 40 tests failed, score 62 · Opper span updated`: only numbers and our own words. */
function headingOf({ outcome, jobStatus, findings, gates, tests, span }: Report): string {
  const [icon, ending] = ENDINGS[outcome];
  const failed = tests ? tests.failed + tests.errored : 0;
  const hasError = findings.some(({ level }) => level === 'error');
  const hasWarning = findings.some(({ level }) => level === 'warning');
  const isGateMissed = gates.some(({ isPassed }) => !isPassed);
  const isBad = jobStatus === 'failure' || failed > 0 || isGateMissed || outcome === 'failed' || hasError;
  const mark = isBad ? '❌' : jobStatus === 'cancelled' ? '🚫' : hasWarning ? '⚠️' : icon;
  const score = cut(textOf(span.score), 40);
  const run = present([
    jobStatus === 'failure' && 'job failed',
    jobStatus === 'cancelled' && 'job cancelled',
    tests && resultText(tests, failed),
    gates.length === 0 && score && `score ${score}`,
    ...gates.map(({ text }) => text),
  ]).join(', ');
  const effect = outcome !== 'failed' && hasError ? `${ending}, with errors` : ending;
  const text = present([run.replace(/^[a-z]/, (letter) => letter.toUpperCase()), effect]).join(' · ');
  return `### ${mark} ${text}`;
}

function resultText({ passed }: TestRun, failed: number): string {
  return `${failed || passed} of ${counted(passed + failed, 'test')} ${failed > 0 ? 'failed' : 'passed'}`;
}

function findingBlock({ level, title, lines }: Finding): string {
  const texts = firstOf(lines, MAX_LINES).map((line) => code(line, MAX_LINE));
  return paragraph([`${MARKS[level]} <b>${html(title, MAX_CELL)}</b>`, ...texts]);
}

function testsBlock(tests: TestRun): string {
  const { failures, failed, errored } = tests;
  const items = failures.map(({ name, message }) =>
    present([code(name, MAX_LINE), message && code(message, 2 * MAX_LINE)]).join('<br>'),
  );
  const list = firstOf(items, MAX_LINES, failed + errored).map((item) => `<li>${item}</li>`);
  return present([
    paragraph([barOf(tests), html(countsText(tests), MAX_LINE)]),
    items.length > 0 && `<ul>\n${list.join('\n')}\n</ul>`,
  ]).join('\n');
}

/** The proportions as exactly 20 squares, at least one for each status that occurred. */
function barOf(tests: TestRun): string {
  const names = (Object.keys(SQUARES) as (keyof typeof SQUARES)[]).filter((name) => tests[name] > 0);
  const total = names.reduce((sum, name) => sum + tests[name], 0);
  const lengths = names.map((name) => Math.max(1, Math.floor((BAR_LENGTH * tests[name]) / total)));
  const missing = BAR_LENGTH - lengths.reduce((sum, length) => sum + length, 0);
  const longest = lengths.indexOf(Math.max(...lengths));
  return names
    .map((name, index) => SQUARES[name].repeat((lengths[index] ?? 0) + (index === longest ? missing : 0)))
    .join('');
}

function spanBlock({ spanId, span, links }: Report): string {
  const id = span.id ?? spanId;
  const names = present([span.name, id]).map((text) => code(text, MAX_CELL));
  if (names.length === 0) return '';
  if (span.parent_id) names.push('under', code(span.parent_id, MAX_CELL));
  const duration = durationMsOf(span);
  const facts = present([
    duration !== undefined && `took ${secondsText(duration)}`,
    links.job && links.job !== links.run && link(links.job, 'job'),
    links.run && link(links.run, 'workflow run'),
    link(TRACES, 'Opper traces'),
  ]);
  return paragraph([`Span ${names.join(' ')}`, facts.join(' · ')]);
}

function rowsBlock(report: Report): string {
  const { changed, outcome } = report;
  const rows = rowsOf(report).filter(({ field }) => field !== 'meta' || !isMetaFolded(report));
  if (rows.length === 0) return changed?.length === 0 ? paragraph([UNCHANGED]) : '';
  const head = changed ? ['Field', 'Before', 'After'] : ['Field', ROW_TITLES[outcome]];
  const body = rows.map(({ field, before, after }) =>
    present([code(field, MAX_CELL), before !== undefined && code(before, MAX_CELL), code(after, MAX_CELL)]),
  );
  return table(head, body);
}

function measuresBlock({ metrics, caseSpans, span }: Report): string {
  const feedback = feedbackText(span.feedback);
  const values = Object.entries(metrics ?? {}).map(
    ([name, value]) => `${code(name, MAX_CELL)} ${shortened(value)}`,
  );
  const lines = present([
    values.length > 0 && `Metrics: ${firstOf(values, MAX_LINES).join(' · ')}`,
    caseSpans && `Case spans: ${caseSpans.created} of ${caseSpans.of} created`,
    feedback && `Human feedback: ${code(feedback, MAX_CELL)}`,
  ]);
  return lines.length > 0 ? paragraph(lines) : '';
}

function unsentBlock({ dryRun }: Report): string {
  const lines = dryRun.map(({ method, url }) => code(`${method} ${url}`, MAX_CELL));
  return lines.length > 0
    ? paragraph(['Not sent (the log has the bodies):', ...firstOf(lines, MAX_LINES)])
    : '';
}

function metaBlock(report: Report): string {
  const { sent, outcome } = report;
  const rows = Object.entries(sent?.meta ?? {}).map(([key, value]) => [
    code(key, MAX_CELL),
    code(textOf(value), MAX_CELL),
  ]);
  if (rows.length === 0) return '';
  const title = `${ROW_TITLES[outcome]}: meta, ${counted(rows.length, 'key')}`;
  const more = rows.length > MAX_KEYS ? `\n<p>and ${rows.length - MAX_KEYS} more</p>` : '';
  return `<details><summary>${title}</summary>\n${table(['Key', 'Value'], rows.slice(0, MAX_KEYS))}${more}\n</details>`;
}

/** Whether `meta` has its own folded table, so that the other table leaves it out. */
function isMetaFolded({ sent }: Report): boolean {
  return Object.keys(sent?.meta ?? {}).length > 0;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [
    head.map((cell) => `<th>${cell}</th>`),
    ...rows.map((row) => row.map((cell) => `<td>${cell}</td>`)),
  ];
  return `<table>\n${lines.map((cells) => `<tr>${cells.join('')}</tr>`).join('\n')}\n</table>`;
}

function paragraph(lines: readonly string[]): string {
  return `<p>${lines.join('<br>\n')}</p>`;
}

function code(text: string, maxLength: number): string {
  return `<code>${html(text, maxLength)}</code>`;
}

function link(url: string, text: string): string {
  return `<a href="${attribute(url)}">${text}</a>`;
}
