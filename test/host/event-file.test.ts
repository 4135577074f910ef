import { execFile } from 'node:child_process';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobBeganMsOf } from '../../src/host/event-file.ts';

// The module reads and changes its variable at import, so each case runs in its own process.
const PROGRAM = `
  const { eventProblem } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/host/event-file.ts', import.meta.url)))});
  const { context } = await import('@actions/github');
  console.log(JSON.stringify({ problem: eventProblem, payload: context.payload }));
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'event-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The problem with an event file, and the payload that @actions/github reads from it. */
async function readingOf(path: string | undefined): Promise<unknown> {
  const { GITHUB_EVENT_PATH: _, ...env } = process.env;
  const options = { env: { ...env, ...(path !== undefined && { GITHUB_EVENT_PATH: path }) } };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', PROGRAM],
    options,
  );
  return JSON.parse(stdout);
}

async function eventFile(content: string): Promise<string> {
  const path = join(folder, 'event.json');
  await writeFile(path, content);
  return path;
}

it('an event file is left to @actions/github', async () => {
  expect(await readingOf(await eventFile('{"action": "opened"}'))).toEqual({ payload: { action: 'opened' } });
});

it.each([undefined, ''])('where the runner names none (%j) nothing is wrong', async (path) => {
  expect(await readingOf(path)).toEqual({ payload: {} });
});

it.each([
  ['null', /^.*GITHUB_EVENT_PATH.* not a JSON object.*$/],
  ['[1]', /^.*GITHUB_EVENT_PATH.* not a JSON object.*$/],
  ['', /^.*GITHUB_EVENT_PATH.* cannot be read: .*JSON.*$/],
  ['{"action": ', /^.*GITHUB_EVENT_PATH.* cannot be read: .*JSON.*$/],
])('an event file with %j is reported in a sentence, and the event is empty', async (content, why) => {
  expect(await readingOf(await eventFile(content))).toEqual({
    problem: expect.stringMatching(why),
    payload: {},
  });
});

it('an event file that is a directory or missing is reported in a sentence, and the event is empty', async () => {
  expect([await readingOf(folder), await readingOf(join(folder, 'none'))]).toEqual([
    { problem: expect.stringMatching(/cannot be read: .*directory/), payload: {} },
    { problem: expect.stringMatching(/cannot be read: no such file/), payload: {} },
  ]);
});

it.each([
  ['GitHub’s runner, which writes the file again at every step', 2000, 5000],
  ['act, which writes into the folder at every step', 5000, 2000],
])(
  'a job began at the older of the times of the event file and its folder: %s',
  async (_name, folderS, fileS) => {
    const path = await eventFile('{}');
    await utimes(path, fileS, fileS);
    await utimes(folder, folderS, folderS);
    expect(jobBeganMsOf(path)).toBe(2_000_000);
  },
);

it('a job began at the one time that can be read, or at an unknown one', async () => {
  await utimes(folder, 2000, 2000);
  expect(jobBeganMsOf(join(folder, 'none'))).toBe(2_000_000);
  expect([undefined, '', join(folder, 'none/none.json')].map(jobBeganMsOf)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
