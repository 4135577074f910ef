import { durationMsOf } from '../api/span.ts';
import { present } from '../present.ts';
import { failingCount, type TestRun } from '../results/tests.ts';
import { counted, cut, firstOf, secondsText, textOf } from '../text.ts';
import { markedFailures, metricRows, originOf, signed } from './changes.ts';
import { code, codes, html, link, list, paragraph, table } from './html.ts';
import { ANCHORS, type Finding, type Outcome, type Report } from './report.ts';
import { ROW_TITLES, rowsOf, UNCHANGED } from './rows.ts';
import { caseSpansText, countsText, feedbackText, shortened } from './wording.ts';

// GitHub's limit is 1 MiB.
const MAX_SUMMARY_BYTES = 1_000_000;
const MAX_LINE = 1000;
const MAX_LINES = 50;
const MAX_KEYS = 100;
const MAX_METRICS = 30;
const MAX_FILES = 5;
/** How many failures are not folded. */
const MAX_OPEN = 5;

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
 * The job summary as Markdown, below 1 MiB: how the run went and how it compares, what went wrong, then the span
 * and what changed on it. `docs` is the address of the page on troubleshooting.
 * Untrusted text is escaped for HTML and placed in HTML blocks, where Markdown is not parsed (CommonMark 0.31, section 4.6),
 * inside `<code>`, where GitHub does not link mentions, issues and addresses. Only a blank line would end such a block, and
 * escaped text cannot contain one.
 */
export function summaryOf(report: Report, docs: string): string {
  const ranked = report.findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const blocks = present([
    headingOf(report),
    comparisonBlock(report),
    ...ranked.map(findingBlock),
    adviceBlock(report, docs),
    testsBlock(report),
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

/** `❌ Job failed, 15 of 40 tests failed, score 62 · Opper span updated`. */
function headingOf(report: Report): string {
  const { outcome, jobStatus, findings, gates, tests, span } = report;
  const [icon, ending] = ENDINGS[outcome];
  const failed = tests ? failingCount(tests) : 0;
  const hasError = findings.some(({ level }) => level === 'error');
  const hasWarning = findings.some(({ level }) => level === 'warning');
  const lacksResults = findings.some(({ lines }) => lines.some((line) => line.startsWith('results_file: ')));
  // A read span may have the error of any run.
  const hasOwnError = outcome !== 'read' && Boolean(span.error);
  const isGateMissed = gates.some(({ isPassed }) => !isPassed);
  const isRed = jobStatus === 'failure' || isGateMissed || outcome === 'failed' || hasError;
  const isYellow = failed > 0 || hasWarning || hasOwnError;
  const mark = isRed ? '❌' : jobStatus === 'cancelled' ? '🚫' : isYellow ? '⚠️' : icon;
  const run = present([
    jobStatus === 'failure' && 'job failed',
    jobStatus === 'cancelled' && 'job cancelled',
    lacksResults && (tests ? 'some results missing' : 'results missing'),
    tests && resultText(tests, failed),
    ...scoreTexts(report),
    hasOwnError && !isRed && failed === 0 && jobStatus !== 'cancelled' && 'with an error',
  ]).join(', ');
  const effect = outcome !== 'failed' && hasError && !lacksResults ? `${ending}, with errors` : ending;
  const text = present([run.replace(/^[a-z]/, (letter) => letter.toUpperCase()), effect]).join(' · ');
  return `<h3>${mark} ${text}</h3>`;
}

/** The score, judged by the gates and compared with the baseline: `score 62 (main: 80, −18)`. */
function scoreTexts({ gates, comparison, span }: Report): string[] {
  const score = cut(textOf(span.score), 40);
  const own = gates.filter(({ afterChange }) => afterChange === undefined).map(({ text }) => text);
  const [first = score && `score ${score}`, ...others] = own;
  if (!comparison) return present([first, ...others]);
  const afterChange = gates.map((gate) => gate.afterChange ?? '').join('');
  const { branch, score: before, score_change } = comparison;
  const change = `(${code(branch)}: ${before}, ${signed(score_change)}${afterChange})`;
  return [`${first} ${change}`, ...others];
}

function resultText({ passed }: TestRun, failed: number): string {
  return `${failed || passed} of ${counted(passed + failed, 'test')} ${failed > 0 ? 'failed' : 'passed'}`;
}

function comparisonBlock({ comparison, span }: Report): string {
  if (!comparison) return '';
  const { commit, age, runUrl } = originOf(comparison, span.start_time);
  const origin = present([
    `Compared with ${code(comparison.branch)}`,
    commit && `commit ${code(commit)}`,
    age,
    runUrl && link(runUrl, 'its run'),
  ]);
  const rows = metricRows(comparison).map(([name, ...values]) => [code(name), ...values]);
  const head = ['Metric', code(comparison.branch), 'This run', 'Change'];
  const metrics = rows.length > 0 && table(head, rows, MAX_METRICS);
  return present([paragraph([origin.join(' · ')]), metrics]).join('\n');
}

function findingBlock({ level, title, lines }: Finding): string {
  const texts = firstOf(lines, MAX_LINES).map((line) => code(line, MAX_LINE));
  return paragraph([`${MARKS[level]} <b>${title}</b>`, ...texts]);
}

function testsBlock(report: Report): string {
  const { tests, comparison } = report;
  if (!tests) return '';
  const failures = markedFailures(report);
  const items = failures.map(
    ({ name, message, file, isNew }) =>
      `<li>${present([
        `${isNew ? '🆕 ' : ''}${code(name, MAX_LINE)}${file ? ` in ${code(file)}` : ''}`,
        message && code(message, 2 * MAX_LINE),
      ]).join('<br>')}</li>`,
  );
  const files = codes(tests.files, MAX_FILES);
  const unlisted = failingCount(tests) - failures.length;
  const last = unlisted > 0 ? [`<li>and ${unlisted} more, in ${files}</li>`] : [];
  const [open, folded] = [items.slice(0, MAX_OPEN), items.slice(MAX_OPEN)];
  const gone = comparison?.no_longer_failing ?? [];
  return present([
    paragraph([barOf(tests), `${html(countsText(tests), MAX_LINE)}, from ${files}`]),
    list(folded.length > 0 ? open : [...open, ...last]),
    folded.length > 0 &&
      `<details><summary>${counted(folded.length, 'more failure')}</summary>\n${list([...folded, ...last])}\n</details>`,
    gone.length > 0 && paragraph([`No longer failing: ${codes(gone, MAX_LINES)}`]),
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

/** Where to read on about what went wrong. */
function adviceBlock({ findings, gates }: Report, docs: string): string {
  const wrong = findings.find(({ level }) => level !== 'notice');
  if (!wrong && gates.every(({ isPassed }) => isPassed)) return '';
  const anchor = wrong ? anchorOf(wrong) : ANCHORS['Opper span: gate'];
  return paragraph([`What to do: ${link(docs + anchor, 'troubleshooting')}`]);
}

function anchorOf({ title, lines }: Finding): string {
  const anchor = ANCHORS[title];
  const isResults = anchor === '#inputs' && /^results_(file|outcome): /.test(`${lines[0]}`);
  return isResults ? '#results-files' : anchor;
}

function spanBlock({ spanId, span, links }: Report): string {
  const id = span.id ?? spanId;
  const names = present([span.name, id]).map((text) => code(text));
  if (names.length === 0) return '';
  if (span.parent_id) names.push('under', code(span.parent_id));
  if (span.trace_id) names.push('in trace', code(span.trace_id));
  const duration = durationMsOf(span);
  const facts = present([
    // 0 if the start was only copied from the end.
    duration !== undefined && duration !== 0 && `took ${secondsText(duration)}`,
    links.commit && `commit ${link(links.commit, code(links.commit.replace(/.*\//, '').slice(0, 7)))}`,
    links.job && links.job !== links.run && link(links.job, 'job'),
    links.run && link(links.run, 'workflow run'),
    link(TRACES, 'Opper traces'),
  ]);
  return paragraph([`Span ${names.join(' ')}`, facts.join(' · ')]);
}

function rowsBlock(report: Report): string {
  const { changed, outcome, findings } = report;
  // If meta was sent, its keys have a table of their own.
  const rows = rowsOf(report).filter(({ field }) => field !== 'meta' || metaBlock(report) === '');
  if (rows.length === 0) return changed?.length === 0 ? paragraph([UNCHANGED]) : '';
  const hasBefore = rows.some(({ before }) => before !== undefined);
  const head = hasBefore ? ['Field', 'Before', 'After'] : ['Field', ROW_TITLES[outcome]];
  const isAbove = (field: string, text: string) =>
    field === 'error' && findings.some(({ lines }) => lines.join('\n') === text);
  const body = rows.map(({ field, before, after }) => [
    code(field),
    ...(hasBefore ? [before === undefined ? '' : code(before)] : []),
    isAbove(field, after) ? '(see above)' : code(after),
  ]);
  return table(head, body);
}

function measuresBlock({ files, metrics, comparison, caseSpans, span }: Report): string {
  const feedback = feedbackText(span.feedback);
  const values = Object.entries(metrics ?? {})
    // The others are in the table of the comparison.
    .filter(([name]) => !Object.hasOwn(comparison?.metrics ?? {}, name))
    .map(([name, value]) => `${code(name)} ${shortened(value)}`);
  const lines = present([
    files.length > 0 && `Results from ${codes(files, MAX_FILES)}`,
    values.length > 0 && `Metrics: ${firstOf(values, MAX_LINES).join(' · ')}`,
    caseSpans && caseSpansText(caseSpans),
    feedback && `Human feedback: ${code(feedback)}`,
  ]);
  return lines.length > 0 ? paragraph(lines) : '';
}

function unsentBlock({ dryRun }: Report): string {
  const lines = dryRun.map(({ method, url }) => code(`${method} ${url}`));
  return lines.length > 0
    ? paragraph(['Not sent (the log has the bodies):', ...firstOf(lines, MAX_LINES)])
    : '';
}

function metaBlock(report: Report): string {
  const { sent, outcome } = report;
  const rows = Object.entries(sent?.meta ?? {}).map(([key, value]) => [code(key), code(textOf(value))]);
  if (rows.length === 0) return '';
  const title = `${ROW_TITLES[outcome]}: meta, ${counted(rows.length, 'key')}`;
  return `<details><summary>${title}</summary>\n${table(['Key', 'Value'], rows, MAX_KEYS)}\n</details>`;
}
