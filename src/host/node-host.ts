// Must come first: @actions/github reads the event file at import, and throws if it is not JSON.
import './event-file.ts';
import { randomUUID } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  error,
  exportVariable,
  getInput,
  info,
  notice,
  saveState,
  setOutput,
  setSecret,
  warning,
} from '@actions/core';
import { context } from '@actions/github';
import manifest from '../../package.json' with { type: 'json' };
import { createTransport } from '../api/transport.ts';
import { eventProblem, jobBeganMs } from './event-file.ts';
import type { Host } from './host.ts';
import { nodeFiles } from './node-files.ts';

const { env } = process;

/** The runner, its files, the clock and the network. */
export const nodeHost: Host = {
  // Listed one by one, so that the bundle leaves out unused code.
  core: { error, exportVariable, getInput, info, notice, saveState, setOutput, setSecret, warning },
  context,
  env,
  eventProblem,
  files: nodeFiles,
  jobBeganMs,
  appendSummary(markdown) {
    if (!env.GITHUB_STEP_SUMMARY) throw new Error('the runner did not set GITHUB_STEP_SUMMARY');
    appendFileSync(env.GITHUB_STEP_SUMMARY, markdown);
  },
  writeTemp(name, text) {
    const path = join(env.RUNNER_TEMP || tmpdir(), `${randomUUID()}-${name}`);
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return path;
  },
  connect: (options) => createTransport({ ...options, env }),
  now: Date.now,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
  newId: randomUUID,
  version: manifest.version,
  docs: `https://github.com/${manifest.repository.replace('github:', '')}/blob/v${manifest.version}/docs/troubleshooting.md`,
};
