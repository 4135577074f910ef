import { lineOf } from '../results/format.ts';
import { html } from './inert.ts';
import {
  countsText,
  type Finding,
  feedbackText,
  gateText,
  type Outcome,
  passes,
  type Report,
  ROWS_TITLES,
  rowsOf,
  textOf,
  UNCHANGED,
} from './report.ts';

// A character becomes eight bytes at most; all parts at their longest stay below the 1 MiB.
const MAX_LINE = 500;
const MAX_CELL = 300;
const MAX_META = 30_000;

const ICONS: Readonly<Record<Outcome, string>> = {
  updated: '✅',
  read: '📖',
  'dry-run': '🧪',
  skipped: '⏭️',
  failed: '❌',
};
const MARKS: Readonly<Record<Finding['level'], string>> = { error: '❌', warning: '⚠️', notice: 'ℹ️' };
const LEVELS = Object.keys(MARKS);

const BAR_LENGTH = 20;
const SQUARES = { passed: '🟩', failed: '🟥', errored: '🟧', skipped: '⬜' } as const;

/**
 * The job summary as Markdown, below the 1 MiB that GitHub takes: what went wrong first, then the span, what changed on it,
 * and the rest folded. Everything foreign stands in HTML blocks, in which Markdown is not read (CommonMark 0.31, section
 * 4.6), with HTML's characters escaped, and inside `<code>` or `<pre>`, where GitHub makes no links of mentions, issues and
 * addresses. Only a blank line would end such a block, and foreign text can make none.
 */
export function summaryOf(report: Report): string {
  const { outcome, findings, gate, tests, patch } = report;
  const ranked = findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const icon = ranked[0] && ranked[0].level !== 'notice' ? MARKS[ranked[0].level] : ICONS[outcome];
  return [
    `### ${icon} Opper span: ${outcome}${gate && !passes(gate) ? ', min_score missed' : ''}`,
    ...ranked.map(findingBlock),
    ...tablesOf(report),
    ...(tests && tests.failures.length > 0 ? [failuresOf(tests)] : []),
    ...(patch?.meta ? [details(`${ROWS_TITLES[outcome]}: meta`, JSON.stringify(patch.meta, null, 2))] : []),
    '',
  ].join('\n\n');
}

function findingBlock({ level, title, lines }: Finding): string {
  const texts = lines.map((line) => code(line, MAX_LINE));
  return `<p>${[`${MARKS[level]} <b>${html(title)}</b>`, ...texts].join('<br>\n')}</p>`;
}

function factsOf({ spanId, span, gate, tests, links, dryRun }: Report): [string, string][] {
  const id = spanId && code(spanId, MAX_CELL);
  const score = textOf(span.score);
  const facts: [string, string | undefined][] = [
    ['Span', [span.name && code(span.name, MAX_CELL), id].filter(Boolean).join('<br>')],
    ['Score', score && `<b>${code(score, MAX_CELL)}</b>`],
    ['Gate', gate && `${passes(gate) ? '✅' : '❌'} ${html(gateText(gate))}`],
    ['Human feedback', span.feedback ? code(feedbackText(span.feedback), MAX_CELL) : undefined],
    ['Results', tests && `${barOf(tests)}<br>${html(countsText(tests))}`],
    ['Not sent', dryRun && code(dryRun, MAX_CELL)],
    [
      'Where',
      [links.job && link(links.job, 'job'), links.run && link(links.run, 'run')].filter(Boolean).join(' · '),
    ],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

function tablesOf(report: Report): string[] {
  const facts = factsOf(report);
  const rows = rowsOf(report);
  const head = report.changed ? ['Field', 'Before', 'After'] : ['Field', ROWS_TITLES[report.outcome]];
  const body = rows.map(({ field, before, after }) => [
    code(field),
    ...(before === undefined ? [] : [code(before, MAX_CELL)]),
    code(after, MAX_CELL),
  ]);
  return [
    ...(facts.length > 0 ? [table(facts)] : []),
    ...(rows.length > 0 ? [table(body, head)] : []),
    ...(report.changed?.length === 0 ? [`<p>${UNCHANGED}</p>`] : []),
  ];
}

/** The proportions as a bar of squares, a square at least for what happened at all. */
function barOf(tests: NonNullable<Report['tests']>): string {
  const outcomes = Object.keys(SQUARES) as (keyof typeof SQUARES)[];
  const total = outcomes.reduce((sum, name) => sum + tests[name], 0);
  return outcomes.map((name) => SQUARES[name].repeat(Math.ceil((BAR_LENGTH * tests[name]) / total))).join('');
}

function failuresOf({ failed, errored, failures }: NonNullable<Report['tests']>): string {
  const count = failed + errored;
  const title = count === 1 ? '1 failure' : `${count} failures`;
  const more = count > failures.length ? `, the first ${failures.length}` : '';
  return details(title + more, failures.map(lineOf).join('\n'));
}

function table(rows: readonly (readonly string[])[], head: readonly string[] = []): string {
  const line = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return [
    '<table>',
    ...(head.length > 0 ? [line(head, 'th')] : []),
    ...rows.map((row) => line(row, 'td')),
    '</table>',
  ].join('\n');
}

function details(title: string, text: string): string {
  return `<details><summary>${title}</summary>\n<pre>${html(text, MAX_META)}</pre>\n</details>`;
}

function code(text: string, maxLength?: number): string {
  return `<code>${html(text, maxLength)}</code>`;
}

function link(url: string, text: string): string {
  return `<a href="${html(url)}">${text}</a>`;
}
