import { readFileSync } from 'node:fs';
import { whyUnread } from '../files.ts';
import { isJsonObject } from '../json.ts';

const LOST = 'Branch and pull request are not recorded';

/** What is wrong with the event file of this run, as a sentence. */
export const eventProblem = eventProblemOf(process.env.GITHUB_EVENT_PATH);
// Without it @actions/github uses an empty payload.
if (eventProblem !== undefined) delete process.env.GITHUB_EVENT_PATH;

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
