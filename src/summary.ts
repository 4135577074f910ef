import { html } from './inert.ts';
import {
  countsText,
  type Finding,
  gateText,
  type Outcome,
  passes,
  type Report,
  rowsOf,
  textOf,
} from './report.ts';

const MAX_CELL = 300;
// A character may become ten bytes: with at most 2 folded blocks and about 20 findings below the 1 MiB in any case.
const MAX_FOLDED = 30_000;
const MAX_FINDING = 2_000;

const ICONS: Readonly<Record<Outcome, string>> = {
  updated: '✅',
  read: '📖',
  'dry-run': '🧪',
  skipped: '⏭️',
  failed: '❌',
};

const MARKS: Readonly<Record<Finding['level'], string>> = { error: '❌', warning: '⚠️', notice: 'ℹ️' };

/**
 * The job summary as Markdown, below the 1 MiB that GitHub takes. Everything foreign stands in HTML blocks, in which
 * Markdown is not read (CommonMark 0.31, section 4.6), with HTML's characters escaped, and inside `<code>` or `<pre>`,
 * where GitHub makes no links of mentions, issues and addresses. Only a blank line would end such a block, and foreign
 * text can make none.
 */
export function summaryOf(report: Report): string {
  const { outcome, findings, tests, patch } = report;
  const rows = rowsOf(report);
  return [
    `### ${ICONS[outcome]} Opper span: ${outcome}`,
    ...findings.map(
      ({ level, title, lines }) =>
        `<p>${MARKS[level]} <b>${html(title)}</b></p>\n${pre(lines.join('\n'), MAX_FINDING)}`,
    ),
    table(factsOf(report)),
    ...(rows.length > 0 ? [changesTable(rows, report.before !== undefined)] : []),
    ...(tests ? [pieOf(tests)] : []),
    ...(tests && tests.failures.length > 0
      ? [
          details(
            `${tests.failed + tests.errored} failures`,
            tests.failures.map(({ name, message }) => `${name}: ${message}`).join('\n'),
          ),
        ]
      : []),
    ...(patch?.meta ? [details('Sent meta', JSON.stringify(patch.meta, null, 2))] : []),
    '',
  ].join('\n\n');
}

function factsOf({ spanId, span, gate, tests, links, dryRun }: Report): [string, string][] {
  const id = code(spanId ?? '(unknown)');
  const facts: [string, string | undefined][] = [
    ['Span', span.name ? `${code(span.name)} ${id}` : id],
    ['Score', textOf(span.score) && code(textOf(span.score))],
    ['Gate', gate && `${passes(gate) ? '✅' : '❌'} ${html(gateText(gate))}`],
    ['Results', tests && html(countsText(tests))],
    [
      'Human feedback',
      span.feedback
        ? code([textOf(span.feedback.score), textOf(span.feedback.comment)].join(' ').trim())
        : undefined,
    ],
    ['Not sent', dryRun && code(dryRun)],
    ['Job', links.job && link(links.job, 'job')],
    ['Run', links.run && link(links.run, 'run')],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

function changesTable(rows: ReturnType<typeof rowsOf>, wasRead: boolean): string {
  const head = wasRead ? ['Field', 'Before', 'After'] : ['Field', 'Recorded'];
  const body = rows.map(({ field, before, after }) => [
    code(field),
    ...(before === undefined ? [] : [code(before, MAX_CELL)]),
    code(after, MAX_CELL),
  ]);
  return table(body, head);
}

/** A pie of the proportions, which GitHub draws from Mermaid. Numbers and own words only. */
function pieOf(tests: NonNullable<Report['tests']>): string {
  const slices = (['passed', 'failed', 'errored', 'skipped'] as const)
    .filter((name) => tests[name] > 0)
    .map((name) => `  "${name}" : ${tests[name]}`);
  return ['```mermaid', 'pie showData', ...slices, '```'].join('\n');
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
  return `<details><summary>${html(title)}</summary>\n${pre(text, MAX_FOLDED)}\n</details>`;
}

function pre(text: string, maxLength: number): string {
  return `<pre>${html(text, maxLength)}</pre>`;
}

function code(text: string, maxLength?: number): string {
  return `<code>${html(text, maxLength)}</code>`;
}

function link(url: string, text: string): string {
  return `<a href="${html(url)}">${text}</a>`;
}
