import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes as Dom, parseFragment } from 'parse5';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { summaryOf } from '../../src/report/summary.ts';
import { reportOf, SPAN_ID } from '../harness/report.ts';

const MAX_SUMMARY_BYTES = 1024 * 1024;

const TESTS = {
  format: 'junit',
  files: ['junit.xml'],
  passed: 85,
  failed: 9,
  errored: 4,
  skipped: 2,
  durationMs: 3250,
  failures: [
    { name: 'cart > adds two', message: 'expected 2, got 3' },
    { name: 'cart > is empty', message: '' },
  ],
  meta: {},
};

/** The document as GitHub makes it: CommonMark with GFM, raw HTML let through, then parsed as a browser does. */
function documentOf(markdown: string): Dom.DocumentFragment {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  return parseFragment(html);
}

/** Elements with their attributes and children, text left out. */
function skeletonOf(node: Dom.ChildNode | Dom.DocumentFragment): unknown[] {
  if (!('childNodes' in node)) return node.nodeName === '#text' ? [] : [node.nodeName];
  const children = node.childNodes.flatMap(skeletonOf);
  if (!('attrs' in node)) return children;
  return [[node.nodeName, ...node.attrs.map(({ name, value }) => `${name}=${value}`), ...children]];
}

function textOf(node: Dom.ChildNode | Dom.DocumentFragment): string {
  if (node.nodeName === '#text') return (node as Dom.TextNode).value;
  if (node.nodeName === 'br') return '\n';
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

/** The text of every element of a name. */
function textsOf(node: Dom.ChildNode | Dom.DocumentFragment, name: string): string[] {
  if (node.nodeName === name) return [textOf(node)];
  return 'childNodes' in node ? node.childNodes.flatMap((child) => textsOf(child, name)) : [];
}

/** The text that stands neither in `code` nor in `pre`, where GitHub would make links of mentions and addresses. */
function bareTextOf(node: Dom.ChildNode | Dom.DocumentFragment): string {
  if (node.nodeName === 'code' || node.nodeName === 'pre') return '';
  if (node.nodeName === '#text') return (node as Dom.TextNode).value;
  return 'childNodes' in node ? node.childNodes.map(bareTextOf).join('') : '';
}

/** A report with a text in every place where foreign text can stand. */
function reportWith(text: string): Report {
  return reportOf({
    spanId: text,
    before: { id: text, name: text, error: text, meta: { old: 1 }, score: 1 },
    span: {
      id: text,
      name: text,
      error: text,
      output: text,
      meta: { [text]: text },
      score: 2,
      feedback: { score: 1, comment: text },
    },
    patch: { error: text, output: text, meta: { [text]: text } },
    changed: ['error', 'output', 'meta'],
    findings: [
      { level: 'error', title: 'Opper span: API failure', lines: [text] },
      { level: 'warning', title: 'Opper span', lines: [text, text] },
    ],
    tests: { ...TESTS, failures: [{ name: text, message: text }] },
    gate: { minScore: 3, score: 2 },
    links: {
      run: 'https://github.com/a/b/actions/runs/1',
      job: 'https://github.com/a/b/actions/runs/1/job/2',
    },
    dryRun: text,
  });
}

const HOSTILE = [
  '# Heading\n\n---\n\n> quote\n\n- [ ] task\n\n1. one',
  '**bold** _em_ ~~gone~~ `code` ``two`` [link](https://evil.example) ![image](https://evil.example/i.png)',
  '| a | b |\n|---|---|\n| c | d |',
  '```\nfence\n```\n\n~~~mermaid\npie\n~~~\n\n    indented',
  '</code></pre></td></tr></table></details><h1>out</h1><script>alert(1)</script><!-- comment -->',
  '<img src=x onerror=alert(1)><a href="https://evil.example">x</a><details open><summary>s</summary></details>',
  '</pre>\n\n<b>after a blank line</b>\r\n\r\n**bold**\r\r# heading',
  '<![CDATA[ x ]]> <?php ?> <!DOCTYPE html> <pre> <style> <textarea>',
  '&#10;&#10;**bold** &lt;b&gt; &amp;#10; &nbsp; &NewLine;&NewLine;# x',
  '@octocat #1 acme/support-bot#2 https://evil.example www.evil.example evil@evil.example 6dcb09b5b57875f334f61aebed695e2e4193db5e :tada:',
  '[^1]\n\n[^1]: note\n\n[x]: https://evil.example\n\n[x]',
  '\u2028\u2028# x\u2029\u2029# y\u0085\u0085# z\v\v# v\f\f# f',
  '\u202eright to left\u2066 \u200bzero width \ufeff \0 NUL \u001b[31m \ud800 lone \udc00',
  '"quoted" \'single\' = onload=x \\ \\\\ \\n',
  '::error::x\n##[error]y',
  '$`x`$ $$\\frac{1}{2}$$ {{ x }} ${{ secrets.X }}',
];

describe('foreign text', () => {
  const plain = () => skeletonOf(documentOf(summaryOf(reportWith('plain'))));

  test.each(HOSTILE)('%j is inert: no element of its own, all of it in code or pre', (text) => {
    const document = documentOf(summaryOf(reportWith(text)));
    expect(skeletonOf(document)).toEqual(plain());
    expect(bareTextOf(document)).toBe(bareTextOf(documentOf(summaryOf(reportWith('plain')))));
  });

  test.each(HOSTILE)('%j is still there to be read', (text) => {
    const seen = text
      .replace(/\r\n|\r/g, '\n')
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
        character === '\n' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
      );
    const document = documentOf(summaryOf(reportWith(text)));
    const cells = textsOf(document, 'code');
    expect(cells.filter((cell) => cell === seen)).toHaveLength(9);
    expect(textsOf(document, 'pre')[0]).toBe(`${seen}: ${seen}`);
  });

  test('of 2 MB stays below the limit, and is inert', () => {
    const text = HOSTILE.join('\n').repeat(2100);
    expect(text.length).toBeGreaterThan(1_500_000);
    const summary = summaryOf(reportWith(text));
    expect(Buffer.byteLength(summary)).toBeLessThan(MAX_SUMMARY_BYTES);
    expect(skeletonOf(documentOf(summary))).toEqual(plain());
  });

  test.each(['\u202e', '\ud800', '\u{e0001}', '"', '日', '\n'])(
    'of nothing but %j, everywhere and as long as can be, stays below the limit',
    (character) => {
      const text = character.repeat(100_000);
      const fields = [
        'score',
        'error',
        'meta',
        'end_time',
        'start_time',
        'name',
        'type',
        'input',
        'output',
      ] as const;
      const all = Object.fromEntries(fields.map((field) => [field, text]));
      const meta = { [text]: text };
      const report = reportOf({
        ...reportWith(text),
        span: { ...all, id: text, meta, score: 1, feedback: { comment: text } },
        before: { ...all, id: text, name: text, meta: {}, score: 2 },
        changed: fields,
        findings: [
          { level: 'error', title: 'Opper span: bad input', lines: Array(101).fill(text) },
          ...Array.from({ length: 12 }, () => ({
            level: 'warning' as const,
            title: 'Opper span',
            lines: [text],
          })),
        ],
        tests: { ...TESTS, failures: Array(10).fill({ name: text, message: text }) },
      });
      expect(Buffer.byteLength(summaryOf(report))).toBeLessThan(MAX_SUMMARY_BYTES);
    },
  );

  test('in the address of a link stays in its attribute', () => {
    const run = 'https://github.com/a"onclick="x/b<b>&amp;/actions/runs/1';
    const document = documentOf(summaryOf(reportOf({ links: { run, job: `${run}/job/2` } })));
    const links = JSON.stringify(skeletonOf(document)).match(/\["a",.*?\]/g);
    expect(links).toEqual([JSON.stringify(['a', `href=${run}/job/2`]), JSON.stringify(['a', `href=${run}`])]);
  });
});

/** The rows of all tables, cells as text. */
function rowsOf(node: Dom.ChildNode | Dom.DocumentFragment): string[][] {
  if (node.nodeName === 'tr') {
    return [(node as Dom.Element).childNodes.filter(({ nodeName }) => /^t[dh]$/.test(nodeName)).map(textOf)];
  }
  return 'childNodes' in node ? node.childNodes.flatMap(rowsOf) : [];
}

describe('a reader sees', () => {
  const read = (overrides: Partial<Report>) => {
    const document = documentOf(summaryOf(reportOf(overrides)));
    return {
      heading: textsOf(document, 'h3').join(),
      paragraphs: textsOf(document, 'p'),
      rows: rowsOf(document),
      folded: textsOf(document, 'details').map((text) => text.trim()),
    };
  };

  test('what changed on which span, the score against the gate, the results and where it ran', () => {
    const meta = { dataset: 'support-v3' };
    expect(
      read({
        span: { id: SPAN_ID, name: 'Answer support tickets', score: 87, meta },
        patch: { score: 87, meta },
        changed: ['score', 'meta'],
        gate: { minScore: 80, score: 87 },
        tests: TESTS,
        links: {
          run: 'https://github.com/a/b/actions/runs/1',
          job: 'https://github.com/a/b/actions/runs/1/job/2',
        },
      }),
    ).toEqual({
      heading: '✅ Opper span: updated',
      paragraphs: [],
      rows: [
        ['Span', `Answer support tickets\n${SPAN_ID}`],
        ['Score', '87'],
        ['Gate', '✅ score 87 reaches min_score 80'],
        [
          'Results',
          `${'🟩'.repeat(17)}🟥🟥🟧⬜\n86.7 % passed: 100 tests (junit), 85 passed, 9 failed, 4 errored, 2 skipped, in 3.25 s`,
        ],
        ['Where', 'job · run'],
        ['Field', 'Before', 'After'],
        ['score', '(nothing)', '87'],
        ['meta', '0 keys', '1 key: dataset'],
      ],
      folded: [
        '13 failures, the first 2\ncart > adds two: expected 2, got 3\ncart > is empty',
        'Recorded: meta\n{\n  "dataset": "support-v3"\n}',
      ],
    });
  });

  test('what failed at the top, errors before warnings', () => {
    const findings = [
      { level: 'warning', title: 'Opper span', lines: ['score was not stored as sent'] },
      { level: 'error', title: 'Opper span: gate', lines: ['score 62 is below min_score 80'] },
    ] as const;
    expect(read({ findings, gate: { minScore: 80, score: 62 } })).toMatchObject({
      heading: '❌ Opper span: updated, min_score missed',
      paragraphs: [
        '❌ Opper span: gate\n\nscore 62 is below min_score 80',
        '⚠️ Opper span\n\nscore was not stored as sent',
      ],
    });
  });

  test('every problem of bad input, and no table without a span', () => {
    const lines = ['span_id: is empty', 'score: "x" is not a number'];
    const nothing = { spanId: undefined, span: {}, before: undefined, patch: undefined, changed: undefined };
    const findings = [{ level: 'error', title: 'Opper span: bad input', lines }] as const;
    expect(read({ ...nothing, outcome: 'failed', findings })).toEqual({
      heading: '❌ Opper span: failed',
      paragraphs: ['❌ Opper span: bad input\n\nspan_id: is empty\n\nscore: "x" is not a number'],
      rows: [],
      folded: [],
    });
  });

  test('tables and folded text that are well-formed as they are written', () => {
    const span = { id: 'i', name: 'n', score: 87 };
    expect(summaryOf(reportOf({ spanId: 'i', span, patch: { meta: { a: 1 } } }))).toBe(
      `### ✅ Opper span: updated

<table>
<tr><td>Span</td><td><code>n</code><br><code>i</code></td></tr>
<tr><td>Score</td><td><b><code>87</code></b></td></tr>
</table>

<table>
<tr><th>Field</th><th>Before</th><th>After</th></tr>
<tr><td><code>score</code></td><td><code>(nothing)</code></td><td><code>87</code></td></tr>
</table>

<details><summary>Recorded: meta</summary>
<pre>{&#10;  &quot;a&quot;: 1&#10;}</pre>
</details>

`,
    );
  });

  test('the icon of a failure of which nothing is said', () => {
    expect(read({ outcome: 'failed' }).heading).toBe('❌ Opper span: failed');
  });

  test('nothing but what failed where nothing else is known', () => {
    const nothing = { spanId: undefined, span: {}, before: undefined, patch: undefined, changed: undefined };
    const findings = [
      { level: 'error', title: 'Opper span: bad input', lines: ['span_id: is empty'] },
    ] as const;
    expect(summaryOf(reportOf({ ...nothing, outcome: 'failed', findings }))).toBe(
      '### ❌ Opper span: failed\n\n<p>❌ <b>Opper span: bad input</b><br>\n<code>span_id: is empty</code></p>\n\n',
    );
  });

  test('a notice under the icon of the outcome, and what was not sent', () => {
    const findings = [{ level: 'notice', title: 'Opper span: skipped', lines: ['no key'] }] as const;
    const dryRun = 'PATCH https://api.opper.ai/v2/spans/x';
    expect(read({ outcome: 'skipped', findings, changed: [], dryRun })).toEqual({
      heading: '⏭️ Opper span: skipped',
      paragraphs: ['ℹ️ Opper span: skipped\n\nno key', 'no field changed, the span had these values before'],
      rows: [
        ['Span', `Answer support tickets\n${SPAN_ID}`],
        ['Score', '87'],
        ['Not sent', dryRun],
      ],
      folded: [],
    });
  });

  test('a gate that is missed, and nothing folded where every case passed', () => {
    const tests = { ...TESTS, passed: 3, failed: 0, errored: 0, skipped: 0, failures: [] };
    expect(read({ tests, gate: { minScore: 90, score: 87 } })).toMatchObject({
      rows: [
        ['Span', `Answer support tickets\n${SPAN_ID}`],
        ['Score', '87'],
        ['Gate', '❌ score 87 is below min_score 90'],
        [
          'Results',
          `${'🟩'.repeat(20)}\n100 % passed: 3 tests (junit), 3 passed, 0 failed, 0 errored, 0 skipped, in 3.25 s`,
        ],
        ['Field', 'Before', 'After'],
        ['score', '(nothing)', '87'],
      ],
      folded: [],
    });
  });

  test('that nothing changed', () => {
    expect(read({ changed: [] })).toMatchObject({
      paragraphs: ['no field changed, the span had these values before'],
      rows: [
        ['Span', `Answer support tickets\n${SPAN_ID}`],
        ['Score', '87'],
      ],
    });
  });

  test.each([
    ['dry-run', '🧪 Opper span: dry-run', 'Would be recorded'],
    ['skipped', '⏭️ Opper span: skipped', 'Not recorded'],
  ] as const)('of the outcome %s what it would have been', (outcome, heading, title) => {
    const patch = { error: null, meta: { a: 1 } };
    const span = { id: SPAN_ID, meta: { a: 1 } };
    expect(read({ outcome, span, before: undefined, changed: undefined, patch })).toMatchObject({
      heading,
      rows: [
        ['Span', SPAN_ID],
        ['Field', title],
        ['error', '(nothing)'],
        ['meta', '1 key: a'],
      ],
      folded: [`${title}: meta\n{\n  "a": 1\n}`],
    });
  });

  test('of a read the values and the human feedback', () => {
    const span = { id: SPAN_ID, name: 'n', score: 87, feedback: { score: 1, comment: 'Friendly' } };
    expect(read({ outcome: 'read', span, before: undefined, patch: undefined, changed: undefined })).toEqual({
      heading: '📖 Opper span: read',
      paragraphs: [],
      rows: [
        ['Span', `n\n${SPAN_ID}`],
        ['Score', '87'],
        ['Human feedback', '1: Friendly'],
        ['Field', 'Value'],
        ['score', '87'],
        ['name', 'n'],
      ],
      folded: [],
    });
  });

  test('a square for a single failure among many, and one failure in the singular', () => {
    const tests = {
      ...TESTS,
      passed: 999,
      failed: 1,
      errored: 0,
      skipped: 0,
      failures: TESTS.failures.slice(0, 1),
    };
    const { rows, folded } = read({ tests });
    expect(rows.find(([name]) => name === 'Results')?.[1]).toMatch(/^🟩{20}🟥\n99\.9 % passed/u);
    expect(folded).toEqual(['1 failure\ncart > adds two: expected 2, got 3']);
  });
});
