import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OUTPUTS, outputsOf } from '../../src/report/outputs.ts';
import type { Report } from '../../src/report/report.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { parseCommand } from '../harness/commands.ts';
import { reportOf, SPAN_ID, testsOf } from '../harness/report.ts';

const KEY = 'op-4fVj2xQ9z8t7k6';
const TRACE_ID = '7d444840-9dc0-11d1-b245-5ffdce74fad2';

/** A host that notes what is written, in order. What `broken` names throws. */
function hostOf(broken: readonly string[] = []) {
  const written: [what: string, ...args: unknown[]][] = [];
  const note =
    (what: string) =>
    (...args: unknown[]) => {
      if (broken.includes(what)) throw new Error(`no ${what} with ${KEY}`);
      written.push([what, ...args]);
    };
  const host: Parameters<typeof createReporter>[0] = {
    core: {
      getInput: () => '',
      error: note('error'),
      exportVariable: note('exportVariable'),
      info: note('info'),
      notice: note('notice'),
      saveState: note('saveState'),
      setOutput: note('setOutput'),
      setSecret: note('setSecret'),
      warning: note('warning'),
    },
    docs: 'https://docs.example/troubleshooting',
    appendSummary: note('appendSummary'),
    writeTemp: (name, text) => {
      note('writeTemp')(name, text);
      return `/runner/${name}`;
    },
  };
  return { host, written };
}

/** What publishing writes, and the exit code. */
function publish(report: Report, { broken = [], secrets = [], ...options }: Partial<PublishOptions> = {}) {
  const { host, written } = hostOf(broken);
  const code = createReporter(host, secrets).publish(report, { summary: true, outputs: true, ...options });
  const argsOf = (what: string) => written.filter(([name]) => name === what).map(([, ...args]) => args);
  const outputs = Object.fromEntries(argsOf('setOutput')) as Record<string, string>;
  const annotations = written.filter(([name]) => /^(error|warning|notice)$/.test(name));
  return { code, written, argsOf, outputs, annotations };
}

interface PublishOptions {
  broken: readonly string[];
  secrets: readonly string[];
  summary: boolean;
  outputs: boolean;
}

describe('the reporter', () => {
  test('masks each line of every secret once, first of all', () => {
    const { host, written } = hostOf();
    createReporter(host, [` ${KEY}\r\n`, `${KEY}\n  second \n\n`, '']);
    expect(written).toEqual([
      ['setSecret', KEY],
      ['setSecret', 'second'],
    ]);
  });

  test('removes secrets from a log line and from state', () => {
    const { host, written } = hostOf();
    const reporter = createReporter(host, [KEY]);
    reporter.info(`GET x failed: ${KEY}\n##[error]y`);
    reporter.saveTracked({ id: KEY, exists: true, sent: [], given: [] });
    expect(written.slice(1)).toEqual([
      ['info', 'GET x failed: *** ⏎ ##\\[error]y'],
      ['saveState', 'tracked', '{"id":"***","exists":true,"sent":[],"given":[]}'],
    ]);
  });

  test('does not change a UUID, names and a time in state for a short secret', () => {
    const { host, written } = hostOf();
    const tracked = {
      id: SPAN_ID,
      exists: true,
      start_time: '2026-11-20T12:00:00Z',
      sent: ['meta'],
      given: [],
    };
    createReporter(host, ['3', 'meta', '2026']).saveTracked(tracked);
    expect(written.at(-1)).toEqual(['saveState', 'tracked', JSON.stringify(tracked)]);
    createReporter(host, [SPAN_ID]).saveTracked(tracked);
    expect(written.at(-1)).toEqual(['saveState', 'tracked', JSON.stringify({ ...tracked, id: '***' })]);
  });

  test('fails if no state can be written, but not if only the second cannot', () => {
    const tracked = { id: SPAN_ID, exists: false, sent: [], given: [] };
    const broken: string[] = [];
    const { host, written } = hostOf(broken);
    const reporter = createReporter(host, []);
    reporter.saveTracked(tracked);
    broken.push('saveState');
    reporter.saveTracked({ ...tracked, exists: true });
    reporter.publish(reportOf(), { summary: true, outputs: false });
    expect(written.filter(([what]) => what === 'saveState' || what === 'appendSummary')).toEqual([
      ['saveState', 'tracked', JSON.stringify(tracked)],
    ]);
    expect(() => createReporter(host, []).saveTracked(tracked)).toThrow(
      `GITHUB_STATE: cannot be written (no saveState with ${KEY}), so the span would never end. In a container job, use a user that can write the files of the runner`,
    );
  });

  test.each([
    [{ id: SPAN_ID, exists: true, sent: [], given: [] }, 0],
    [undefined, 1],
  ])('leaves the summary to the end of the job, if there is one: %j', (tracked, summaries) => {
    const { host, written } = hostOf();
    const reporter = createReporter(host, []);
    reporter.saveTracked({ id: SPAN_ID, exists: false, sent: [], given: [] });
    reporter.saveTracked(tracked);
    reporter.publish(reportOf(), { summary: true, outputs: true });
    expect(written.filter(([what]) => what === 'appendSummary')).toHaveLength(summaries);
    expect(written.filter(([, name]) => name === 'opper-summary.md')).toHaveLength(summaries);
    expect(written[1]).toEqual(['saveState', 'tracked', tracked ? JSON.stringify(tracked) : '']);
  });

  test('writes outputs, log, summary and annotations, in this order', () => {
    const finding = { level: 'warning', title: 'Opper span', lines: ['one', 'two\n##[x]'] } as const;
    const report = reportOf({ findings: [finding], tests: testsOf() });
    const { code, written, outputs, argsOf } = publish(report);
    expect([...new Set(written.map(([what]) => what))]).toEqual([
      'writeTemp',
      'setOutput',
      'info',
      'appendSummary',
      'warning',
    ]);
    const [[markdown]] = argsOf('appendSummary') as [[string]];
    expect(argsOf('writeTemp')).toEqual([
      ['opper-span.json', JSON.stringify(report.span)],
      ['opper-summary.md', markdown],
    ]);
    expect(outputs).toEqual({
      ...outputsOf(report),
      span_file: '/runner/opper-span.json',
      summary_file: '/runner/opper-summary.md',
    });
    expect(Object.keys(outputs)).toEqual(OUTPUTS);
    expect(argsOf('info')).toContainEqual([expect.stringMatching(/^Results: 40 tests/)]);
    expect(argsOf('warning')).toEqual([['one\ntwo ⏎ ##\\[x]', { title: 'Opper span' }]]);
    expect(code).toBe(0);
  });

  test('writes no outputs and no summary if they are turned off', () => {
    const { written } = publish(reportOf({ outcome: 'created' }), { outputs: false, summary: false });
    expect(new Set(written.map(([what]) => what))).toEqual(new Set(['info']));
  });

  test('writes no file for a span about which nothing is known', () => {
    const files = publish(reportOf({ span: {} })).argsOf('writeTemp');
    expect(files.map(([name]) => name)).toEqual(['opper-summary.md']);
  });

  test('fails for a finding that is an error, and for a missed gate, which it annotates', () => {
    const finding = { level: 'error', title: 'Opper span: API failure', lines: ['x'] } as const;
    expect(publish(reportOf({ findings: [finding] })).code).toBe(1);
    expect(
      publish(reportOf({ gates: [{ isPassed: true, text: 'score 87 reaches min_score 87' }] })),
    ).toMatchObject({
      code: 0,
      annotations: [],
    });
    expect(
      publish(reportOf({ gates: [{ isPassed: false, text: 'score 87 is below min_score 88' }] })),
    ).toMatchObject({
      code: 1,
      annotations: [['error', 'score 87 is below min_score 88', { title: 'Opper span: gate' }]],
    });
    expect(
      publish(reportOf({ gates: [{ isPassed: false, text: 'there is no score', advice: 'Set one' }] })),
    ).toMatchObject({
      code: 1,
      annotations: [['error', 'there is no score. Set one', { title: 'Opper span: gate' }]],
    });
  });

  test('annotates the first hundred lines of a finding, and cuts each', () => {
    const lines = Array.from({ length: 250 }, (_, i) => `n${i}: ${'x'.repeat(10_000)}`);
    const [[, message] = []] = publish(
      reportOf({ findings: [{ level: 'error', title: 'Opper span', lines }] }),
    ).annotations;
    const shown = String(message).split('\n');
    expect(shown).toHaveLength(101);
    expect(shown[0]).toHaveLength(4000);
    expect(shown[100]).toBe('and 150 more');
  });

  test('leaves the longest outputs empty above 1 MiB, and names them', () => {
    const span = { id: SPAN_ID, name: 'n', output: 'x'.repeat(600_000) };
    const { outputs, annotations, code } = publish(reportOf({ span }));
    expect(outputs).toMatchObject({ span: '', output: '', name: 'n', span_file: '/runner/opper-span.json' });
    const message =
      "The outputs together exceed GitHub's limit of 1 MiB. Left empty: span, output. The file at span_file has the whole span";
    expect(annotations).toEqual([['warning', message, { title: 'Opper span' }]]);
    expect(code).toBe(0);
  });
});

describe('if one part fails, the others are written', () => {
  test.each([
    [
      'writeTemp',
      'warning: The files for the outputs span_file and summary_file cannot be written',
      0,
      ['setOutput', 'info', 'appendSummary'],
    ],
    [
      'setOutput',
      'error: The outputs cannot be written, so later steps do not get them',
      1,
      ['writeTemp', 'info', 'appendSummary'],
    ],
    ['appendSummary', 'warning: The job summary cannot be written', 0, ['writeTemp', 'setOutput', 'info']],
  ] as const)('%s', (broken, annotation, code, parts) => {
    const result = publish(reportOf(), { broken: [broken], secrets: [KEY] });
    for (const part of parts) expect(result.argsOf(part)).not.toEqual([]);
    const [[level, message] = [], ...others] = result.annotations;
    expect([`${level}: ${message}`, others]).toEqual([`${annotation}: no ${broken} with ***`, []]);
    expect(result.code).toBe(code);
  });
});

describe('later steps get the ids as variables', () => {
  const span = { id: SPAN_ID, name: 'n', trace_id: TRACE_ID };

  test.each(['created', 'tracking'] as const)('of a span that is %s', (outcome) => {
    expect(publish(reportOf({ outcome, span })).argsOf('exportVariable')).toEqual([
      ['OPPER_SPAN_ID', SPAN_ID],
      ['OPPER_TRACE_ID', TRACE_ID],
    ]);
  });

  test('but only if they are UUIDs', () => {
    const report = reportOf({
      outcome: 'created',
      span: { ...span, id: `${SPAN_ID}\nPATH=/evil`, trace_id: null },
    });
    expect(publish(report).argsOf('exportVariable')).toEqual([]);
    expect(publish(reportOf({ outcome: 'updated', span })).argsOf('exportVariable')).toEqual([]);
  });
});

describe('whatever is in a report', () => {
  /** A report with a text in every place that may contain untrusted text. */
  const reportWith = (text: string) =>
    reportOf({
      spanId: text,
      before: { id: text, name: text, error: text, meta: { old: text }, score: 1 },
      span: {
        id: text,
        name: text,
        error: text,
        output: [text],
        meta: { [text]: { a: text } },
        end_time: text,
        feedback: { score: 1, comment: text },
      },
      sent: { error: text, output: text, meta: { [text]: text } },
      changed: ['error', 'output', 'meta', 'end_time'],
      findings: [{ level: 'notice', title: 'Opper span', lines: [text, `x: ${text}`] }],
      tests: testsOf({ format: text, failures: [{ name: text, message: text }] }),
      metrics: { [text]: 1 },
      links: { run: text, job: `${text}/job` },
      dryRun: [{ method: 'PATCH', url: text, body: { [text]: text } }],
    });

  test('nothing that is written contains the key', () => {
    const forms = [
      KEY,
      encodeURIComponent(KEY),
      Buffer.from(`Bearer ${KEY}`).toString('base64'),
      `${KEY.slice(0, 12)}…`,
    ];
    for (const form of forms) {
      const { written } = publish(reportWith(`a ${form} b`), { secrets: [KEY] });
      const text = JSON.stringify(written.filter(([what]) => what !== 'setSecret'));
      expect(text).toContain('***');
      expect(text).not.toContain(KEY.slice(0, 12));
      expect(text).not.toContain(Buffer.from(KEY).toString('base64').slice(4, 16));
    }
  });

  test("a short key does not change the step's own words", () => {
    for (const secret of ['updated', 'score', 'failure', 'Opper span']) {
      const report = reportOf({
        jobStatus: 'failure',
        gates: [{ isPassed: true, text: 'score 87 reaches min_score 80' }],
        findings: [{ level: 'notice', title: 'Opper span', lines: [`x ${secret}`] }],
      });
      const { outputs, annotations, argsOf } = publish(report, { secrets: [secret] });
      expect(outputs).toMatchObject({ outcome: 'updated', changed: '["score"]', score: '87' });
      expect(annotations).toEqual([['notice', 'x ***', { title: 'Opper span' }]]);
      expect(argsOf('info').slice(1)).toEqual([['  score: 87'], ['Gate: score 87 reaches min_score 80']]);
      expect(argsOf('appendSummary')[0]).toEqual([expect.stringMatching(/^<h3>❌ Job failed, score 87 /)]);
    }
  });

  test('no line of the log is a command', () => {
    const piece = fc.constantFrom(
      '::error::x',
      '##[error]x',
      '##[add-mask]',
      '\n',
      '\r',
      '\u2028',
      ' ',
      '\t',
      ':',
      '#',
      '[',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        for (const [line] of publish(reportWith(pieces.join(''))).argsOf('info')) {
          expect(line).not.toMatch(/[\n\r\u2028]/);
          expect(parseCommand(String(line))).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
  });
});
