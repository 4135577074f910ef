import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { whyUnread } from '../files.ts';
import { isJsonObject } from '../json.ts';
import { modifiedMs } from './node-files.ts';

const LOST = 'Branch and pull request are not recorded';

/** When the job of this run began at the latest. */
export const jobBeganMs = jobBeganMsOf(process.env.GITHUB_EVENT_PATH);
/** What is wrong with the event file of this run, as a sentence. */
export const eventProblem = eventProblemOf(process.env.GITHUB_EVENT_PATH);
// Without it @actions/github uses an empty payload.
if (eventProblem !== undefined) delete process.env.GITHUB_EVENT_PATH;

/**
 * When a job began at the latest, in Unix milliseconds: the older of the two times of its event file and its folder. GitHub's
 * runner makes the folder at the job's first step, and writes the file again at every step; act does it the other way round.
 */
export function jobBeganMsOf(path: string | undefined): number | undefined {
  const times = path ? [path, dirname(path)].map(modifiedMs).filter((time) => time !== undefined) : [];
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** What is wrong with an event file, as a sentence. */
export function eventProblemOf(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    if (isJsonObject(JSON.parse(readFileSync(path, 'utf8')))) return undefined;
    return `The event file of the runner (GITHUB_EVENT_PATH) is not a JSON object. ${LOST}`;
  } catch (error) {
    return `The event file of the runner (GITHUB_EVENT_PATH) cannot be read: ${whyUnread(error)}. ${LOST}`;
  }
}
