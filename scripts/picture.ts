// `npm run picture` takes the light and dark pictures in docs: the job summaries of tracked jobs, run from dist against the span
// server and shown in a real browser. It needs Chromium or Chrome (CHROMIUM may be set to its path) and fonts with emoji. On Debian:
// `apt-get install chromium fonts-liberation fonts-noto-color-emoji`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type JobOptions, runJob } from '../test/harness/job.ts';
import { type SpanServer, startSpanServer } from '../test/harness/span-server.ts';
import { pageOf, themes } from './page.ts';
import { SCENARIOS } from './try/scenarios.ts';

const DOCS = join(import.meta.dirname, '..', 'docs');
const WIDTH = 860;

const FAILURES = [
  ['refund after 30 days', 'expected "30 days", the answer says 14'],
  ['express to Norway', 'expected a price, the answer has none'],
  ['gift card', 'expected "no cash", the answer offers some'],
];

/** The report of an eval of 30 cases, of which the named ones failed and one was skipped. */
function report(failed: readonly string[]): string {
  const passed = Array.from(
    { length: 29 - failed.length },
    (_, i) => `<testcase name="case ${i}" time="0.9"/>`,
  );
  const failing = FAILURES.filter(([name = '']) => failed.includes(name)).map(
    ([name, message]) =>
      `<testcase name="${name}" time="1.1"><failure message="${message?.replaceAll('"', '&quot;')}"/></testcase>`,
  );
  const cases = [...passed, ...failing, '<testcase name="voice message" time="0"><skipped/></testcase>'];
  return `<testsuites><testsuite name="support">${cases.join('')}</testsuite></testsuites>`;
}

interface Run {
  readonly failed: readonly string[];
  readonly secondsAgo: number;
  readonly with: Readonly<Record<string, string | number>>;
  readonly options?: JobOptions;
}

/** Runs the eval in a tracked job, and returns the job's summary. */
async function evaluate(
  server: SpanServer,
  { failed, secondsAgo, with: inputs, options }: Run,
): Promise<string> {
  const given = {
    operation: 'track',
    api_key: server.key,
    base_url: server.baseUrl,
    name: 'Support eval',
    start_time: new Date(Date.now() - secondsAgo * 1000).toISOString(),
    results_file: 'report.xml',
    results_metrics: true,
    ...inputs,
  };
  const job = await runJob(
    [
      { id: 'span', with: given },
      { run: ({ workspace }) => writeFileSync(join(workspace, 'report.xml'), report(failed)) },
    ],
    options,
  );
  return job.post('span').summary;
}

/** The pictures by name, each of the summary of a job. */
const PICTURES: Readonly<Record<string, () => Promise<string>>> = {
  async summary() {
    await using server = await startSpanServer();
    const failed = ['refund after 30 days', 'express to Norway'];
    return await evaluate(server, {
      failed,
      secondsAgo: 42,
      with: { meta: '{"dataset": "support-v3"}', min_score: 90 },
    });
  },
  async comparison() {
    await using server = await startSpanServer();
    const inputs = { case_spans: 'failed', baseline: 'main', max_drop: 2 };
    const main = { ...inputs, metrics: '{"tone": 0.91}' };
    await evaluate(server, { failed: ['gift card'], secondsAgo: 10_000, with: main });
    const { context, event } = SCENARIOS.compared ?? {};
    return await evaluate(server, {
      failed: ['refund after 30 days', 'express to Norway'],
      secondsAgo: 42,
      with: { ...inputs, metrics: '{"tone": 0.93}' },
      options: { ...(context && { context }), ...(event && { event }) },
    });
  },
};

function chromium(...args: string[]): string {
  const names = process.env.CHROMIUM
    ? [process.env.CHROMIUM]
    : ['chromium', 'chromium-browser', 'google-chrome'];
  for (const name of names) {
    try {
      // No sandbox: containers do not support it, and the page is our own.
      return execFileSync(name, ['--headless', '--no-sandbox', '--hide-scrollbars', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`Not found: ${names.join(', ')}. Install Chromium, or set CHROMIUM to its path.`);
}

const folder = mkdtempSync(join(tmpdir(), 'picture-'));
try {
  for (const [picture, theme] of Object.keys(PICTURES).flatMap((name) =>
    themes.map((theme) => [name, theme] as const),
  )) {
    const markdown = (await PICTURES[picture]?.()) ?? '';
    const page = join(folder, `${picture}-${theme}.html`);
    const measuring = 'document.title = Math.ceil(document.documentElement.getBoundingClientRect().height)';
    writeFileSync(page, `${pageOf(markdown, theme)}<script>${measuring}</script>`);
    const url = pathToFileURL(page).href;
    const [, height] =
      /<title>(\d+)<\/title>/.exec(chromium(`--window-size=${WIDTH},800`, '--dump-dom', url)) ?? [];
    if (height === undefined) throw new Error('The browser did not report the height of the page.');
    chromium(
      `--window-size=${WIDTH},${height}`,
      '--force-device-scale-factor=1.5',
      `--screenshot=${join(DOCS, `${picture}-${theme}.png`)}`,
      url,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
