// `npm run picture` takes the light and dark pictures in README.md: the job summary of a tracked job, run from dist against the span
// server and shown in a real browser. It needs Chromium or Chrome (CHROMIUM may be set to its path) and fonts with emoji. On Debian:
// `apt-get install chromium fonts-liberation fonts-noto-color-emoji`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runJob } from '../test/harness/job.ts';
import { startSpanServer } from '../test/harness/span-server.ts';
import { pageOf, themes } from './page.ts';

const DOCS = join(import.meta.dirname, '..', 'docs');
const WIDTH = 860;

const FAILURES = [
  ['refund after 30 days', 'expected "30 days", the answer says 14'],
  ['express to Norway', 'expected a price, the answer has none'],
];

/** The report of an eval of 30 cases, 27 of which passed. */
function report(): string {
  const passed = Array.from(
    { length: 27 },
    (_, i) => `<testcase classname="support" name="case ${i}" time="0.9"/>`,
  );
  const failed = FAILURES.map(
    ([name, message]) =>
      `<testcase classname="support" name="${name}" time="1.1"><failure message="${message?.replaceAll('"', '&quot;')}"/></testcase>`,
  );
  const skipped = '<testcase classname="support" name="voice message" time="0"><skipped/></testcase>';
  return `<testsuites><testsuite name="support">${[...passed, ...failed, skipped].join('')}</testsuite></testsuites>`;
}

async function summary(): Promise<string> {
  await using server = await startSpanServer();
  const job = await runJob([
    {
      id: 'span',
      with: {
        operation: 'track',
        api_key: server.key,
        base_url: server.baseUrl,
        name: 'Support eval',
        start_time: new Date(Date.now() - 42_000).toISOString(),
        meta: '{"dataset": "support-v3"}',
        results_file: 'report.xml',
        results_metrics: true,
        min_score: 90,
      },
    },
    { run: ({ workspace }) => writeFileSync(join(workspace, 'report.xml'), report()) },
  ]);
  return job.post('span').summary;
}

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
  const markdown = await summary();
  for (const name of themes) {
    const page = join(folder, `${name}.html`);
    const measuring = 'document.title = Math.ceil(document.documentElement.getBoundingClientRect().height)';
    writeFileSync(page, `${pageOf(markdown, name)}<script>${measuring}</script>`);
    const url = pathToFileURL(page).href;
    const [, height] =
      /<title>(\d+)<\/title>/.exec(chromium(`--window-size=${WIDTH},800`, '--dump-dom', url)) ?? [];
    if (height === undefined) throw new Error('The browser did not report the height of the page.');
    chromium(
      `--window-size=${WIDTH},${height}`,
      '--force-device-scale-factor=1.5',
      `--screenshot=${join(DOCS, `summary-${name}.png`)}`,
      url,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
