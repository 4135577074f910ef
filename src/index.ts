import { appendFileSync, createReadStream, globSync, statSync } from 'node:fs';
import { sep } from 'node:path';
import { error, getInput, info, notice, setOutput, setSecret, warning } from '@actions/core';
import { context } from '@actions/github';
import { config } from 'zod/mini';
import manifest from '../package.json' with { type: 'json' };
import { useProxy } from './api/proxy.ts';
import { headlineOf } from './errors.ts';
import { run } from './run.ts';

/** Whether there is a file, or something that cannot be looked at: reading it says why. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return true;
  }
}

async function find(pattern: string): Promise<string[]> {
  if (isFile(pattern)) return [pattern];
  return globSync(pattern)
    .filter(isFile)
    .map((path) => path.replaceAll(sep, '/'))
    .sort();
}

function appendSummary(markdown: string): void {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (!path) throw new Error('the runner gives no file for it (GITHUB_STEP_SUMMARY)');
  appendFileSync(path, markdown);
}

/**
 * Ends the process once what was printed is out. Left to itself it would live on with a connection that nobody waits for any
 * more: one that is being made for ten seconds, one through a proxy that does not answer for ever.
 */
function exit(code: number): void {
  process.stdout.write('', () => process.exit(code));
}

// Compiling a schema pays off only when it is used many times.
config({ jitless: true });

// Until the step knows better. Node ends a process whose last promise never settles as if all were well.
process.exitCode = 1;

run({
  // One by one, so that the bundle leaves out what is not used.
  core: { error, getInput, info, notice, setOutput, setSecret, warning },
  context,
  env: process.env,
  fetch,
  useProxy: () => useProxy(process.env, () => import('node:http')),
  appendSummary,
  files: { find, read: (path) => createReadStream(path) },
  now: Date.now,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
  version: manifest.version,
}).then(exit, (thrown) => {
  error(headlineOf(thrown), { title: 'Opper span: internal error' });
  exit(1);
});
