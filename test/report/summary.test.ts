import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes as Dom, parseFragment } from 'parse5';
import { describe, expect, test } from 'vitest';
import { SPAN_FIELDS } from '../../src/api/span.ts';
import type { Finding, Report } from '../../src/report/report.ts';
import { summaryOf as summaryWith } from '../../src/report/summary.ts';
import { comparisonOf, RUN_URL, reportOf, SPAN_ID, testsOf } from '../harness/report.ts';

const DOCS = 'https://docs.example/troubleshooting';
const summaryOf = (report: Report) => summaryWith(report, DOCS);

type Node = Dom.ChildNode | Dom.DocumentFragment;

const MAX_SUMMARY_BYTES = 1024 * 1024;

/** The document as GitHub makes it: CommonMark with GFM, raw HTML let through, then parsed as a browser does. */
function documentOf(report: Report): Dom.DocumentFragment {
  return parseFragment(
    micromark(summaryOf(report), {
      allowDangerousHtml: true,
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
    }),
  );
}

/** Elements with their attributes and children; text is left out, and so are places where a line breaks within code. */
function skeletonOf(node: Node): unknown[] {
  if (node.nodeName === '#text') return [];
  if (!('childNodes' in node)) return [node.nodeName];
  const inner = node.childNodes.flatMap(skeletonOf);
  if (!('attrs' in node)) return inner;
  const children = node.nodeName === 'code' ? inner.filter((child) => !/^w?br$/.test(String(child))) : inner;
  return [[node.nodeName, ...node.attrs.map(({ name, value }) => `${name}=${value}`), ...children]];
}

function textOf(node: Node): string {
  if (node.nodeName === '#text') return (node as Dom.TextNode).value;
  if (node.nodeName === 'br') return '\n';
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

/** The text of every element of a name, trimmed. */
function textsOf(node: Node, name: string): string[] {
  if (node.nodeName === name) return [textOf(node).replace(/\n\n/g, '\n').trim()];
  return 'childNodes' in node ? node.childNodes.flatMap((child) => textsOf(child, name)) : [];
}

/** The text outside of `code`, where GitHub would make links of mentions and addresses. */
function bareTextOf(node: Node): string {
  if (node.nodeName === 'code') return '';
  if (node.nodeName === '#text') return (node as Dom.TextNode).value;
  return 'childNodes' in node ? node.childNodes.map(bareTextOf).join('') : '';
}

/** The rows of all tables outside of folded parts, cells as text. */
function rowsOf(node: Node): string[][] {
  if (node.nodeName === 'details') return [];
  if (node.nodeName === 'tr') {
    return [(node as Dom.Element).childNodes.filter(({ nodeName }) => /^t[dh]$/.test(nodeName)).map(textOf)];
  }
  return 'childNodes' in node ? node.childNodes.flatMap(rowsOf) : [];
}

/** A report with a text in every place that may contain untrusted text. */
function reportWith(text: string): Report {
  return reportOf({
    spanId: text,
    before: { id: text, name: text, error: text, meta: { old: 1 }, score: 1 },
    span: {
      id: text,
      name: text,
      parent_id: text,
      trace_id: text,
      error: text,
      output: text,
      end_time: text,
      meta: { [text]: text },
      score: 2,
      feedback: { comment: text },
    },
    sent: { error: text, output: text, meta: { [text]: text } },
    changed: ['error', 'output', 'end_time'],
    findings: [
      { level: 'error', title: 'Opper span: API failure', lines: [text] },
      { level: 'warning', title: 'Opper span', lines: [text, text] },
    ],
    tests: testsOf({ failures: [{ name: `1 ${text}`, message: text, file: text }], files: [text] }),
    gates: [{ isPassed: false, text: 'score 2 is below min_score 3' }],
    metrics: { [`${text}.`]: 1, [text]: 2 },
    comparison: comparisonOf({
      branch: text,
      revision: text,
      metrics: { [text]: { before: 1, after: 2 } },
      newly_failed: [`2 ${text}`],
      no_longer_failing: [text],
    }),
    links: { run: RUN_URL, job: `${RUN_URL}/job/2`, commit: `${RUN_URL}/6dcb09b5` },
    dryRun: [{ method: 'PATCH', url: text }],
  });
}

const HOSTILE = [
  '# Heading\n\n---\n\n> quote\n\n- [ ] task\n\n1. one',
  '**bold** _em_ ~~gone~~ `code` ``two`` [link](https://evil.example) ![image](https://evil.example/i.png)',
  '| a | b |\n|---|---|\n| c | d |',
  '```\nfence\n```\n\n~~~mermaid\npie\n~~~\n\n    indented',
  '</code></pre></td></tr></table></details></li></ul></p><h1>out</h1><script>alert(1)</script><!-- comment -->',
  '<img src=x onerror=alert(1)><a href="https://evil.example">x</a><details open><summary>s</summary></details>',
  '</pre>\n\n<b>after a blank line</b>\r\n\r\n**bold**\r\r# heading',
  '<![CDATA[ x ]]> <?php ?> <!DOCTYPE html> <pre> <style> <textarea>',
  '&#10;&#10;**bold** &lt;b&gt; &amp;#10; &nbsp; &NewLine;&NewLine;# x',
  '@octocat #1 acme/support-bot#2 https://evil.example www.evil.example evil@evil.example 6dcb09b5b57875f334f61aebed695e2e4193db5e :tada:',
  '[^1]\n\n[^1]: note\n\n[x]: https://evil.example\n\n[x]',
  '\u2028\u2028# x\u2029\u2029# y\u0085\u0085# z\v\v# v\f\f# f',
  '\u202eright to left\u2066 \u200bzero width \ufeff \0 NUL \u001b[31m \ud800 lone \udc00',
  '"quoted" \'single\' = onload=x \\ \\\\ \\n',
  '$`x`$ $$\\frac{1}{2}$$ {{ x }} ${{ secrets.X }}',
];

describe('untrusted text', () => {
  const plain = documentOf(reportWith('plain'));
  const expectInert = (text: string) => {
    const document = documentOf(reportWith(text));
    expect(skeletonOf(document)).toEqual(skeletonOf(plain));
    expect(bareTextOf(document)).toBe(bareTextOf(plain));
    return document;
  };

  test.each(HOSTILE)('%j is inert, all of it in code, and still there to be read', (text) => {
    const seen = text
      .replace(/\r\n|\r/g, '\n')
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
        character === '\n' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
      );
    const codes = textsOf(expectInert(text), 'code');
    const trimmed = seen.replace(/\n\n/g, '\n').trim();
    expect(codes.filter((code) => code === trimmed)).toHaveLength(23);
  });

  test('is inert in any combination', () => {
    const pieces = [...HOSTILE.join(' ').split(/(\W)/), '\n', '\n\n', '\r\r', '\t', '    ', '<', '>', '</p>'];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (each) => void expectInert(`x${each}`)),
      { numRuns: 300 },
    );
  });

  test.each(['<&\n\n', '\u202e', '\ud800', '\u{e0001}', '"', '日', '\n'])(
    'of only %j, everywhere and as long as possible, stays below the limit',
    (piece) => {
      const text = piece.repeat(5000);
      const all = Object.fromEntries(SPAN_FIELDS.map((field) => [field, text]));
      const keys = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}${text}`, i]));
      const finding = (level: 'error' | 'warning', count: number) =>
        ({ level, title: 'Opper span', lines: Array(count).fill(text) }) as const;
      const report = reportOf({
        ...reportWith(text),
        span: { ...all, id: text, meta: keys, score: 1, feedback: { comment: text } },
        before: { ...all, id: text, name: text, meta: {}, score: 2 },
        sent: { meta: keys },
        changed: SPAN_FIELDS,
        findings: [finding('error', 100), ...Array(30).fill(finding('warning', 1))],
        tests: testsOf({ failures: Array(10).fill({ name: text, message: text }) }),
        metrics: keys,
        dryRun: Array(1000).fill({ method: 'POST', url: text }),
      });
      const summary = summaryOf(report);
      expect(Buffer.byteLength(summary)).toBeLessThan(MAX_SUMMARY_BYTES);
      expect(summary).toMatch(/^<h3>❌ /);
    },
  );

  test('in the URL of a link stays in its attribute', () => {
    const run = 'https://github.com/a"onclick="x/b<b>&amp;/actions/runs/1';
    const links = JSON.stringify(skeletonOf(documentOf(reportOf({ links: { run } })))).match(/\["a",.*?\]/g);
    expect(links?.[0]).toBe(JSON.stringify(['a', `href=${run}`]));
  });
});

test('a summary of a million bytes loses its last block, and one with a byte less is whole', () => {
  const blocksWith = (url: string) => summaryOf(reportOf({ links: { run: url } })).split('\n\n');
  const room = 1_000_000 - Buffer.byteLength(blocksWith('x').join('\n\n'));
  const [heading, span, table, end] = blocksWith('x'.repeat(room));
  expect(Buffer.byteLength([heading, span, table, end].join('\n\n'))).toBe(999_999);
  expect(table).toMatch(/^<table>/);
  expect(blocksWith('x'.repeat(room + 1))).toEqual([heading, expect.stringMatching(/^<p>Span /), '']);
});

describe('the heading', () => {
  const ALL_PASSED = testsOf({ passed: 40, failed: 0, errored: 0, failures: [] });
  const warning = { level: 'warning', title: 'Opper span', lines: ['x'] } as const;
  const UNSCORED = { id: SPAN_ID, name: 'n' };
  const missing = (level: Finding['level']): Finding => ({
    level,
    title: 'Opper span: bad input, nothing was recorded',
    lines: ['span_id: is empty', 'results_file: "r.xml" matches no file'],
  });

  test.each<[string, Partial<Report>]>([
    ['✅ Score 87 · Opper span updated', {}],
    ['✅ Opper span created', { outcome: 'created', span: UNSCORED }],
    [
      '✅ 40 of 40 tests passed, score 87 reaches min_score 80 · Opper span updated',
      { tests: ALL_PASSED, gates: [{ isPassed: true, text: 'score 87 reaches min_score 80' }] },
    ],
    [
      '❌ Score 62 is below min_score 80 · Opper span updated',
      { gates: [{ isPassed: false, text: 'score 62 is below min_score 80' }] },
    ],
    [
      '❌ There is no score to compare with min_score 0 · Opper span updated',
      { gates: [{ isPassed: false, text: 'there is no score to compare with min_score 0' }] },
    ],
    [
      '⚠️ 3 of 39 tests failed, score 87 · Opper span updated',
      { tests: testsOf(), span: { ...UNSCORED, score: 87, error: 'x' } },
    ],
    [
      '⚠️ 3 of 39 tests failed, score 87 reaches min_score 80 · Opper span updated',
      { tests: testsOf(), gates: [{ isPassed: true, text: 'score 87 reaches min_score 80' }] },
    ],
    [
      '⚠️ 1 of 1 test failed, score 87 · Opper span updated',
      { tests: testsOf({ passed: 0, failed: 1, errored: 0 }) },
    ],
    [
      '❌ Job failed, score 87 · Opper span updated',
      { jobStatus: 'failure', span: { ...UNSCORED, score: 87, error: 'x' } },
    ],
    [
      '❌ Job failed, 40 of 40 tests passed, score 87 · Opper span updated',
      { jobStatus: 'failure', tests: ALL_PASSED },
    ],
    ['🚫 Job cancelled · Opper span updated', { jobStatus: 'cancelled', span: { ...UNSCORED, error: 'x' } }],
    [
      '🚫 Job cancelled, 3 of 39 tests failed · Opper span updated',
      { jobStatus: 'cancelled', tests: testsOf(), span: UNSCORED },
    ],
    ['⚠️ Score 87, with an error · Opper span updated', { span: { ...UNSCORED, score: 87, error: 'x' } }],
    ['📖 Opper span read', { outcome: 'read', span: { ...UNSCORED, error: 'x' } }],
    ['❌ Results missing · Opper span updated', { span: UNSCORED, findings: [missing('error')] }],
    [
      '❌ Job failed, results missing · Opper span updated',
      { jobStatus: 'failure', span: UNSCORED, findings: [missing('warning')] },
    ],
    [
      '❌ Some results missing, 3 of 39 tests failed · Opper span updated',
      { span: UNSCORED, tests: testsOf(), findings: [missing('error')] },
    ],
    [
      '⚠️ Score 87 (main: 80, +7) · Opper span updated',
      { comparison: comparisonOf({ score_change: 7 }), tests: undefined, findings: [warning] },
    ],
    [
      '✅ Score 87 (main: 80, ±0) · Opper span updated',
      {
        comparison: comparisonOf({ score_change: 0 }),
        gates: [{ isPassed: true, text: 'x', afterChange: '' }],
      },
    ],
    [
      '❌ Score 62 is below min_score 70 (main: 80, −18, more than max_drop 2 allows) · Opper span updated',
      {
        comparison: comparisonOf(),
        gates: [
          { isPassed: false, text: 'score 62 is below min_score 70' },
          { isPassed: false, text: 'x', afterChange: ', more than max_drop 2 allows' },
        ],
      },
    ],
    ['⚠️ Score 87 · Opper span updated', { findings: [warning], jobStatus: undefined }],
    [
      '❌ Score 87 · Opper span updated, with errors',
      { findings: [warning, { ...warning, level: 'error' }] },
    ],
    ['✅ Score 87 · Opper span updated', { findings: [{ ...warning, level: 'notice' }] }],
    ['❌ Opper step failed', { outcome: 'failed', span: {} }],
    ['❌ Opper step failed', { outcome: 'failed', span: {}, findings: [{ ...warning, level: 'error' }] }],
    ['⏳ Opper span started', { outcome: 'tracking', span: UNSCORED }],
    ['❌ Score 87 · Opper step failed', { outcome: 'failed', findings: [warning] }],
    ['⏭️ Opper step skipped', { outcome: 'skipped', span: {} }],
    ['🧪 Score 87 · Opper dry run, nothing sent', { outcome: 'dry-run' }],
    ['❌ Job failed, score 87 · Opper dry run, nothing sent', { outcome: 'dry-run', jobStatus: 'failure' }],
    ['📖 Score 87 · Opper span read', { outcome: 'read' }],
  ])('%s', (heading, overrides) => {
    expect(textsOf(documentOf(reportOf(overrides)), 'h3')).toEqual([heading]);
  });
});

describe('a reader sees', () => {
  const read = (overrides: Partial<Report>) => {
    const document = documentOf(reportOf(overrides));
    return {
      paragraphs: textsOf(document, 'p'),
      items: textsOf(document, 'li'),
      rows: rowsOf(document),
      folded: textsOf(document, 'details'),
    };
  };
  const UNREAD = { before: undefined, changed: undefined } as const;

  test('the span, what changed on it, how long it took, where to look, and the meta folded', () => {
    const meta = { dataset: 'support-v3', matrix: { os: 'linux' } };
    const times = { start_time: '2026-11-20T12:00:00.1Z', end_time: '2026-11-20T12:00:42.6Z' };
    const report = {
      span: { id: SPAN_ID, name: 'Answer support tickets', score: 87, meta, ...times },
      sent: { score: 87, meta },
      changed: ['score', 'meta'],
      files: ['a.json'],
      metrics: { pass_rate: 0.9, cost: 0.02 },
      caseSpans: { created: 2, of: 3 },
      links: { run: RUN_URL, job: `${RUN_URL}/job/2`, commit: `${RUN_URL}/6dcb09b5b57875` },
    } as const;
    expect(read(report)).toEqual({
      paragraphs: [
        `Span Answer support tickets ${SPAN_ID}\ntook 42.5 s · commit 6dcb09b · job · workflow run · Opper traces`,
        'Results from a.json\nMetrics: pass_rate 0.9 · cost 0.02\nCase spans: 2 of 3 created',
      ],
      items: [],
      rows: [
        ['Field', 'Recorded'],
        ['score', '87'],
      ],
      folded: ['Recorded: meta, 2 keys\nKeyValue\ndatasetsupport-v3\nmatrix{"os":"linux"}'],
    });
    const hrefs = summaryOf(reportOf(report)).match(/(?<=href=")[^"]*/g);
    expect(hrefs).toEqual([
      `${RUN_URL}/6dcb09b5b57875`,
      `${RUN_URL}/job/2`,
      RUN_URL,
      'https://platform.opper.ai/traces',
    ]);
    // A start that was copied from the end says nothing about the duration.
    const copied = read({ span: { id: SPAN_ID, start_time: times.end_time, end_time: times.end_time } });
    expect(copied.paragraphs[0]).not.toContain('took');
    // The job's link is the run's where the job's id is not known.
    const { paragraphs } = read({ links: { run: RUN_URL, job: RUN_URL } });
    expect(paragraphs[0]).toMatch(/\nworkflow run · Opper traces$/);
  });

  test('what failed, with a bar and the number of further failures', () => {
    expect(read({ tests: testsOf() })).toMatchObject({
      paragraphs: [
        `${'🟩'.repeat(17)}🟥🟧⬜\n36 passed, 2 failed, 1 errored, 1 skipped, in 3.25 s (junit), from junit.xml`,
        expect.stringContaining('Span'),
      ],
      items: ['cart > adds two\nexpected 3, got 4', 'cart > is empty', 'and 1 more, in junit.xml'],
    });
  });

  test('the first five failures with their files, the others folded', () => {
    const failures = Array.from({ length: 100 }, (_, i) => ({
      name: `c${i}`,
      message: 'no',
      file: 'a.test.ts',
    }));
    const tests = testsOf({ failed: 119, failures, files: ['a.xml', 'b.xml'] });
    const { items, folded } = read({ tests });
    expect([items.length, items[0], items[100]]).toEqual([
      101,
      'c0 in a.test.ts\nno',
      'and 20 more, in a.xml · b.xml',
    ]);
    expect(folded[0]).toMatch(/^95 more failures\n\s*c5 in a.test.ts\nno/);
  });

  test('where the baseline comes from, the metrics, and first the failures that are new', () => {
    const comparison = comparisonOf({
      revision: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      run_url: RUN_URL,
      start_time: '2026-11-18T11:00:00Z',
      metrics: { accuracy: { before: 0.9, after: 0.85 }, cost: { before: 2, after: 2 } },
      newly_failed: ['cart > is empty', 'cart > pays'],
      no_longer_failing: ['cart > ships', 'cart > returns'],
    });
    const span = { id: SPAN_ID, name: 'n', score: 62, start_time: '2026-11-20T12:00:00Z' };
    const metrics = { accuracy: 0.85, cost: 2, tokens: 7 };
    const { paragraphs, rows, items } = read({ comparison, tests: testsOf(), span, metrics, changed: [] });
    expect(paragraphs).toEqual([
      'Compared with main · commit 6dcb09b · 2 days earlier · its run',
      expect.stringContaining('36 passed'),
      'No longer failing: cart > ships · cart > returns',
      expect.stringContaining('Span'),
      expect.stringContaining('no field changed'),
      'Metrics: tokens 7',
    ]);
    expect(rows).toEqual([
      ['Metric', 'main', 'This run', 'Change'],
      ['accuracy', '0.9', '0.85', '−0.05'],
      ['cost', '2', '2', '±0'],
    ]);
    expect(items).toEqual(['🆕 cart > is empty', '🆕 cart > pays', 'cart > adds two\nexpected 3, got 4']);
  });

  test.each<[Finding['title'], anchor: string, line?: string]>([
    ['Opper span: bad input, nothing was recorded', '#inputs'],
    ['Opper span: bad input, nothing was recorded', '#inputs', 'meta: results_file: '],
    ['Opper span: bad input, the rest was recorded', '#inputs'],
    ['Opper span: bad input, the rest was recorded', '#results-files', 'results_file: x'],
    ['Opper span: bad input, the rest was recorded', '#results-files', 'results_outcome: is failure'],
    ['Opper span: API failure', '#the-api', 'results_file: x'],
    ['Opper span: metrics', '#metrics-and-case-spans'],
    ['Opper span: case spans', '#metrics-and-case-spans'],
    ['Opper span: comparison', '#the-baseline'],
    ['Opper span: internal error', ''],
    ['Opper span', '', 'results_file: x'],
  ])(
    'for a problem with the title %j, a link to the documentation, to a part that exists',
    (title, anchor, line = 'x') => {
      const summary = summaryOf(reportOf({ findings: [{ level: 'warning', title, lines: [line] }] }));
      expect(summary).toContain(`<a href="${DOCS}${anchor}">troubleshooting</a>`);
      const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
      const anchors = [...page.matchAll(/^## (.+)$/gm)].map(
        ([, text = '']) => `#${text.toLowerCase().replace(/\W+/g, '-')}`,
      );
      expect(['', ...anchors]).toContain(anchor);
    },
  );

  test('no link to the documentation for a notice or a gate that is passed, and that of the first problem', () => {
    const notice = { level: 'notice', title: 'Opper span: comparison', lines: ['x'] } as const;
    const warning = { level: 'warning', title: 'Opper span: metrics', lines: ['y'] } as const;
    const gates = [{ isPassed: true, text: 'score 87 reaches min_score 80' }];
    expect(summaryOf(reportOf({ findings: [notice], gates }))).not.toContain(DOCS);
    const { paragraphs } = read({ findings: [notice, warning] });
    expect(paragraphs.slice(0, 3)).toEqual([
      '⚠️ Opper span: metrics\ny',
      'ℹ️ Opper span: comparison\nx',
      'What to do: troubleshooting',
    ]);
    expect(summaryOf(reportOf({ findings: [notice, warning] }))).toContain(`${DOCS}#metrics-and-case-spans`);
  });

  test('the first fifty lines of a finding, metrics and cases that no longer fail, and the first five files', () => {
    const lines = Array.from({ length: 51 }, (_, i) => `x${i}`);
    const fifty = (text: (line: string) => string) => [...lines.slice(0, 50).map(text), 'and 1 more'];
    const six = lines.slice(0, 6);
    const { paragraphs } = read({
      findings: [{ level: 'notice', title: 'Opper span', lines }],
      tests: testsOf({ files: six }),
      files: six,
      metrics: Object.fromEntries(lines.map((line) => [line, 1])),
      comparison: comparisonOf({ no_longer_failing: lines }),
    });
    const files = 'x0 · x1 · x2 · x3 · x4 · and 1 more';
    expect(paragraphs).toEqual([
      'Compared with main',
      ['ℹ️ Opper span', ...fifty((line) => line)].join('\n'),
      expect.stringMatching(new RegExp(`, from ${files}$`)),
      `No longer failing: ${fifty((line) => line).join(' · ')}`,
      `Span Answer support tickets ${SPAN_ID}\nOpper traces`,
      `Results from ${files}\nMetrics: ${fifty((line) => `${line} 1`).join(' · ')}`,
    ]);
  });

  test('a link to the documentation for a missed gate, and none where all is well', () => {
    const missed = summaryOf(reportOf({ gates: [{ isPassed: false, text: 'x' }] }));
    expect([missed.includes(`${DOCS}#the-gate`), summaryOf(reportOf()).includes(DOCS)]).toEqual([
      true,
      false,
    ]);
  });

  test('a long assertion to its end', () => {
    const message = `expected ${'a long response '.repeat(100)}, got none`;
    expect(read({ tests: testsOf({ failures: [{ name: 'a', message }] }) }).items[0]).toBe(`a\n${message}`);
  });

  test('the beginning of a longer assertion, name, line of a finding, and score', () => {
    const long = 'y'.repeat(3000);
    const cut = (length: number) => `${'y'.repeat(length - 1)}…`;
    const { items, paragraphs } = read({
      tests: testsOf({ failures: [{ name: long, message: long }] }),
      findings: [{ level: 'notice', title: 'Opper span', lines: [long] }],
    });
    expect(items[0]).toBe(`${cut(1000)}\n${cut(2000)}`);
    expect(paragraphs[0]).toBe(`ℹ️ Opper span\n${cut(1000)}`);
    const score = JSON.rawJSON('1'.repeat(50)) as never;
    const document = documentOf(reportOf({ span: { id: SPAN_ID, name: 'n', score } }));
    expect(textsOf(document, 'h3')).toEqual([`✅ Score ${'1'.repeat(39)}… · Opper span updated`]);
  });

  test('a bar of exactly 20 squares, at least one for each status that occurred', () => {
    const count = fc.nat({ max: 100_000 });
    fc.assert(
      fc.property(fc.nat(100_000), count, count, count, (passed, failed, errored, skipped) => {
        fc.pre(passed + failed + errored > 0);
        const tests = testsOf({ passed, failed, errored, skipped, failures: [] });
        const [line] = read({ tests }).paragraphs;
        const bar = [...(line?.split('\n')[0] ?? '')];
        expect(bar).toHaveLength(20);
        expect(['🟩', '🟥', '🟧', '⬜'].map((square) => bar.includes(square))).toEqual(
          [passed, failed, errored, skipped].map((each) => each > 0),
        );
      }),
    );
    const [line] = read({ tests: testsOf({ passed: 999, failed: 1, errored: 0, skipped: 0 }) }).paragraphs;
    expect(line).toMatch(/^🟩{19}🟥\n/u);
    const [half] = read({ tests: testsOf({ passed: 9, failed: 9, errored: 0, skipped: 0 }) }).paragraphs;
    expect(half).toMatch(/^🟩{10}🟥{10}\n/u);
  });

  test('every finding, errors first, and every problem of bad input', () => {
    const findings = [
      { level: 'warning', title: 'Opper span', lines: ['score was not stored as sent'] },
      {
        level: 'error',
        title: 'Opper span: bad input, nothing was recorded',
        lines: ['span_id: is empty', 'score: "x" is bad'],
      },
    ] as const;
    const nothing = { ...UNREAD, spanId: undefined, span: {}, sent: undefined };
    expect(read({ ...nothing, outcome: 'failed', findings })).toEqual({
      paragraphs: [
        '❌ Opper span: bad input, nothing was recorded\nspan_id: is empty\nscore: "x" is bad',
        '⚠️ Opper span\nscore was not stored as sent',
        'What to do: troubleshooting',
      ],
      items: [],
      rows: [],
      folded: [],
    });
  });

  test.each([
    ['created', 'Recorded'],
    ['tracking', 'Recorded so far'],
    ['dry-run', 'Would be recorded'],
    ['skipped', 'Not recorded'],
    ['failed', 'Should have been recorded'],
  ] as const)('with the outcome %s, what was sent or would have been', (outcome, title) => {
    const sent = { error: null, meta: { a: 1 } };
    expect(read({ ...UNREAD, outcome, span: { id: SPAN_ID, meta: { a: 1 } }, sent })).toMatchObject({
      rows: [
        ['Field', title],
        ['error', '(nothing)'],
      ],
      folded: [`${title}: meta, 1 key\nKeyValue\na1`],
    });
  });

  test('for a dry run, the requests that were not sent', () => {
    const url = 'https://api.opper.ai/v2/spans';
    const dryRun = Array.from({ length: 60 }, () => ({ method: 'POST', url }));
    const [, unsent = ''] = read({ outcome: 'dry-run', dryRun, requests: 0 }).paragraphs;
    expect(unsent.split('\n').slice(0, 2)).toEqual(['Not sent (the log has the bodies):', `POST ${url}`]);
    expect(unsent.split('\n').slice(50)).toEqual([`POST ${url}`, 'and 10 more']);
  });

  test('the id of a span that could not be read', () => {
    expect(read({ ...UNREAD, outcome: 'failed', span: {} }).paragraphs).toEqual([
      `Span ${SPAN_ID}\nOpper traces`,
    ]);
  });

  test('the parent and the trace of the span', () => {
    const span = { id: SPAN_ID, name: 'n', parent_id: 'p', trace_id: 't' };
    expect(read({ span }).paragraphs).toEqual([`Span n ${SPAN_ID} under p in trace t\nOpper traces`]);
  });

  test('what changed, with what was there before', () => {
    const before = { id: SPAN_ID, name: 'n', score: 62, error: 'old', meta: {} };
    const span = { id: SPAN_ID, name: 'n', score: 87, error: null, output: 'x', meta: {} };
    expect(read({ before, span, changed: ['score', 'error', 'output'] }).rows).toEqual([
      ['Field', 'Before', 'After'],
      ['score', '62', '87'],
      ['error', 'old', '(nothing)'],
      ['output', '', 'x'],
    ]);
  });

  test('an error that a finding already shows only once', () => {
    const error = 'results_file: "r.xml" matches no file\nscore: "x" is bad';
    const findings = [
      { level: 'error', title: 'Opper span: bad input, nothing was recorded', lines: error.split('\n') },
    ] as const;
    const span = { id: SPAN_ID, name: 'n', error };
    const errorRow = (shown: readonly Finding[]) =>
      read({ ...UNREAD, span, sent: { error }, findings: shown }).rows[1];
    expect(errorRow(findings)).toEqual(['error', '(see above)']);
    expect(errorRow([{ ...findings[0], lines: ['score: "x" is bad'] }])?.[1]).not.toBe('(see above)');
  });

  test('that nothing changed', () => {
    const { paragraphs, rows } = read({ changed: [] });
    expect(paragraphs).toContain('no field changed: the span already had these values');
    expect(rows).toEqual([]);
  });

  test('after a read, the values and the human feedback, with meta in the table', () => {
    const feedback = { score: 1, comment: 'Friendly' };
    const span = { id: SPAN_ID, name: 'n', score: 87, meta: { a: 1 }, feedback };
    expect(read({ ...UNREAD, outcome: 'read', span, sent: undefined })).toEqual({
      paragraphs: [`Span n ${SPAN_ID}\nOpper traces`, 'Human feedback: 1: Friendly'],
      items: [],
      rows: [
        ['Field', 'Value'],
        ['score', '87'],
        ['meta', '1 key: a'],
        ['name', 'n'],
      ],
      folded: [],
    });
  });

  test('the first hundred keys of a large meta', () => {
    const meta = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, i]));
    const [folded = ''] = read({ sent: { meta } }).folded;
    expect(folded).toMatch(/^Recorded: meta, 250 keys\n.*k9999\n+and 150 more$/s);
    const hundred = Object.fromEntries(Object.entries(meta).slice(0, 100));
    expect(read({ sent: { meta: hundred } }).folded[0]).toMatch(/k9999$/);
  });
});

const metricsOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, { before: 1, after: 1 }]));
const metricTable = (count: number) => {
  const rows = Array.from(
    { length: count },
    (_, i) => `<tr><td><code>m${i}</code></td><td>1</td><td>1</td><td>±0</td></tr>`,
  );
  const head = '<tr><th>Metric</th><th><code>main</code></th><th>This run</th><th>Change</th></tr>';
  return ['<table>', head, ...rows, '</table>'].join('\n');
};

test.each([
  [0, ''],
  [1, `\n${metricTable(1)}`],
  [30, `\n${metricTable(30)}`],
  [31, `\n${metricTable(30)}\n<p>and 1 more</p>`],
])('the comparison with %i metrics is one block of Markdown', (count, block) => {
  const blocks = summaryOf(reportOf({ comparison: comparisonOf({ metrics: metricsOf(count) }) })).split(
    '\n\n',
  );
  expect(blocks[1]).toBe(`<p>Compared with <code>main</code></p>${block}`);
});

test.each([
  [
    testsOf({ failures: [{ name: 'a', message: 'no' }] }),
    `<p>${'🟩'.repeat(17)}🟥🟧⬜<br>\n36 passed, 2 failed, 1 errored, 1 skipped, in 3.25 s (junit), from <code>junit.xml</code></p>
<ul>
<li><code>a</code><br><code>no</code></li>
<li>and 2 more, in <code>junit.xml</code></li>
</ul>`,
  ],
  [
    testsOf({ passed: 1, failed: 0, errored: 0, skipped: 0, failures: [], format: '<b>' }),
    `<p>${'🟩'.repeat(20)}<br>\n1 passed, in 3.25 s (&lt;b&gt;), from <code>junit.xml</code></p>`,
  ],
])('the Markdown has one blank line between blocks, and none within', (tests, block) => {
  const findings = [{ level: 'notice', title: 'Opper span', lines: ['x'] }] as const;
  expect(summaryOf(reportOf({ tests, findings })).split('\n\n').slice(1)).toEqual([
    '<p>ℹ️ <b>Opper span</b><br>\n<code>x</code></p>',
    block,
    expect.stringMatching(/^<p>Span /),
    expect.stringMatching(/^<table>\n<tr>.*<\/table>$/s),
    '',
  ]);
});
