import { createReadStream, statSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { error, getInput, info, notice, setOutput, setSecret, summary, warning } from '@actions/core';
import { context } from '@actions/github';
import manifest from '../package.json' with { type: 'json' };
import { headlineOf } from './errors.ts';
import { useProxy } from './proxy.ts';
import { run } from './run.ts';

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function find(pattern: string): Promise<string[]> {
  if (isFile(pattern)) return [pattern];
  return (await Array.fromAsync(glob(pattern))).filter(isFile).sort();
}

// Until the step knows better. Node ends a process whose last promise never settles as if all were well.
process.exitCode = 1;

run({
  // One by one, so that the bundle leaves out what is not used.
  core: { error, getInput, info, notice, setOutput, setSecret, summary, warning },
  context,
  env: process.env,
  fetch,
  useProxy: () => useProxy(process.env, () => import('node:http')),
  files: { find, read: (path) => createReadStream(path) },
  now: Date.now,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
  version: manifest.version,
}).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (thrown) => error(headlineOf(thrown), { title: 'Opper span: internal error' }),
);
