import { describe, expect, it } from 'vitest';
import { InputError } from '../src/errors.ts';
import { rawInputsOf } from '../src/inputs/inputs.ts';
import type { GitHubContext } from '../src/job.ts';
import { readPlan } from '../src/plan.ts';
import { memoryFiles } from './results/memory-files.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const NOW = new Date('2026-04-07T13:33:27.179Z');

/** A pull request from a fork: GitHub hands no secret to it. */
const FORK = {
  actor: 'visitor',
  eventName: 'pull_request',
  payload: {
    pull_request: { number: 7, head: { repo: null }, base: { repo: { full_name: 'acme/support-bot' } } },
  },
  serverUrl: 'https://github.com',
  repo: { owner: 'acme', repo: 'support-bot' },
} as unknown as GitHubContext;

const plan = (given: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) => {
  const all: Readonly<Record<string, string>> = { span_id: ID, api_key: 'op-1', ci_meta: 'false', ...given };
  return readPlan({
    raw: rawInputsOf((name) => all[name] ?? ''),
    context: FORK,
    files: {
      ...memoryFiles(files),
      find: async (pattern) => Object.keys(files).filter((path) => path === pattern),
    },
    now: NOW,
  });
};

const recordingOf = async (...of: Parameters<typeof plan>) => (await plan(...of)).recording;

async function problemsOf(...of: Parameters<typeof plan>): Promise<readonly string[]> {
  const error = await plan(...of).catch((thrown: unknown) => thrown);
  if (!(error instanceof InputError)) throw error;
  return error.problems.map(({ name, message }) => `${name}: ${message}`);
}

const NO_SPAN =
  'span_id: is empty. Hand on the UUID of the span from the step that made it, and check that this step ran and set it';

describe('what is recorded', () => {
  const junit =
    '<testsuite><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>';

  it('is what a fields file holds, under what the workflow gives, and meta of both', async () => {
    const file = { score: 0.5, score_scale: 10, error: 'from the file', name: 'n', meta: { a: 1, b: 1 } };
    const given = {
      results_file: 'f.json',
      results_format: 'fields',
      score: '0.7',
      error: ' \n',
      meta: '{"b": 2}',
    };
    expect(await recordingOf(given, { 'f.json': JSON.stringify(file) })).toEqual({
      fields: { score: 7, error: 'from the file', name: 'n', meta: { a: 1, b: 2 } },
      clear: [],
      keepsMeta: true,
    });
  });

  it('is the meta of meta_file over that of a fields file', async () => {
    const given = { results_file: 'f.json', results_format: 'fields', meta_file: 'm.json' };
    const files = { 'f.json': '{"meta": {"a": 1, "b": 1}}', 'm.json': '{"a": 2}' };
    expect((await recordingOf(given, files)).fields).toEqual({ meta: { a: 2, b: 1 } });
  });

  it('is an empty meta where one is given', async () => {
    expect(await recordingOf({ meta: '{}', meta_mode: 'replace' })).toEqual({
      fields: { meta: {} },
      clear: [],
      keepsMeta: false,
    });
  });

  it('is no meta where none is known', async () => {
    expect(await recordingOf({ score: '1' })).toEqual({ fields: { score: 1 }, clear: [], keepsMeta: true });
  });

  it('is the meta of a file whose name stands between blanks', async () => {
    expect((await recordingOf({ meta_file: ' m.json\n' }, { 'm.json': '{"a": 1}' })).fields).toEqual({
      meta: { a: 1 },
    });
  });

  it('in a job that has failed leaves out a file that is not there, whatever stands around the words', async () => {
    const { recording, unread } = await plan({ job_status: ' failure\n', meta_file: ' m.json\n' });
    expect(Object.keys(recording.fields)).toEqual(['error']);
    expect(unread).toEqual([{ name: 'meta_file m.json', message: 'cannot be read: there is no such file' }]);
  });

  it('is not known with an input that is none, which alone is told though the results are read', async () => {
    const given = { results_file: 'junit.xml', timeout_seconds: '0' };
    expect(await problemsOf(given, { 'junit.xml': junit })).toEqual([
      'timeout_seconds: is not a number of seconds from 0.001 to 3600',
    ]);
  });

  it('is nothing where blanks are given for a read', async () => {
    expect(await recordingOf({ operation: 'get', score: ' \n', clear: ' ', meta_file: '\n' })).toEqual({
      fields: {},
      clear: [],
      keepsMeta: true,
    });
  });

  it('may not be given for a read, whatever stands around the word', async () => {
    expect(await problemsOf({ operation: ' get\n', score: '1', output: 'x' })).toEqual([
      'operation: get writes nothing, but score, output is given. Use update, or drop it',
    ]);
  });
});

describe('a pull request from a fork', () => {
  it('needs neither key nor span', async () => {
    expect(await plan({ score: '1', api_key: '', span_id: ' \n' })).toMatchObject({ apiKey: '', spanId: '' });
  });

  it('that has a key needs a span', async () => {
    expect(await problemsOf({ score: '1', span_id: ' \n' })).toEqual([NO_SPAN]);
  });

  it('needs a span for a dry run, and no key', async () => {
    const given = { score: '1', api_key: '', dry_run: ' True\n' };
    expect(await problemsOf({ ...given, span_id: '' })).toEqual([NO_SPAN]);
    expect(await plan(given)).toMatchObject({ apiKey: '', spanId: ID });
  });
});
