import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { eventProblemOf, jobBeganMsOf } from '../../src/host/event-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'event-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([undefined, ''])('nothing is wrong if the runner names no event file (%j)', (path) => {
  expect(eventProblemOf(path)).toBeUndefined();
});

it.each([
  ['{"action": "opened"}', undefined],
  ['null', /^.*GITHUB_EVENT_PATH.* not a JSON object\. Branch .*$/],
  ['[{"pull_request": {}}]', /^.*GITHUB_EVENT_PATH.* not a JSON object\. Branch .*$/],
  ['', /^.*GITHUB_EVENT_PATH.* cannot be read: .*JSON.*\. Branch .*$/],
  ['{"action": ', /^.*GITHUB_EVENT_PATH.* cannot be read: .*JSON.*$/],
] as const)('an event file with %j is fine or reported in a sentence', (content, problem) => {
  const path = join(folder, 'event.json');
  writeFileSync(path, content);
  expect(eventProblemOf(path)).toEqual(problem && expect.stringMatching(problem));
});

it('an event file that is a directory or missing is reported in a sentence', () => {
  expect(eventProblemOf(folder)).toMatch(/cannot be read: .*directory/);
  expect(eventProblemOf(join(folder, 'none'))).toMatch(/cannot be read: no such file/);
});

it.each([
  ['GitHub’s runner, which writes the file again at every step', 2000, 5000],
  ['act, which writes into the folder at every step', 5000, 2000],
])('a job began at the older of the times of the event file and its folder: %s', (_name, folderS, fileS) => {
  const path = join(folder, 'event.json');
  writeFileSync(path, '{}');
  utimesSync(path, fileS, fileS);
  utimesSync(folder, folderS, folderS);
  expect(jobBeganMsOf(path)).toBe(2_000_000);
});

it('a job began at the one time that can be read, or at an unknown one', () => {
  utimesSync(folder, 2000, 2000);
  expect(jobBeganMsOf(join(folder, 'none'))).toBe(2_000_000);
  expect([undefined, '', join(folder, 'none/none.json')].map(jobBeganMsOf)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
