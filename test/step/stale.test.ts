import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runStep } from '../harness/runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'stale-'));
afterAll(() => rmSync(folder, { recursive: true }));

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const STALE = ['results_file: r.xml is 20 minutes old, from before this job began'];

it.each([
  ['GitHub’s runner', 10, { folder: minutesAgo(15), file: minutesAgo(5) }, []],
  ['act', 10, { folder: minutesAgo(5), file: minutesAgo(15) }, []],
  ['GitHub’s runner', 20, { folder: minutesAgo(15), file: minutesAgo(5) }, STALE],
  ['act', 20, { folder: minutesAgo(5), file: minutesAgo(15) }, STALE],
])(
  'under %s a report of %i minutes ago is judged by the job’s beginning',
  async (_runner, age, eventTimes, problems) => {
    const path = join(folder, 'r.xml');
    writeFileSync(path, '<testsuite><testcase/></testsuite>');
    utimesSync(path, minutesAgo(age), minutesAgo(age));
    const { annotations, exitCode } = await runStep({
      cwd: folder,
      eventTimes,
      with: { span_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', results_file: 'r.xml', dry_run: 'true' },
    });
    expect({ exitCode, problems: annotations.map(({ message }) => message.split('. ')[0]) }).toEqual({
      exitCode: problems.length > 0 ? 1 : 0,
      problems,
    });
  },
);
