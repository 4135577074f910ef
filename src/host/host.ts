import type * as actionsCore from '@actions/core';
import type { Transport } from '../api/transport.ts';
import type { Files } from '../files.ts';
import type { GitHubContext } from '../job.ts';

/** All that the step touches, as plain data and functions. */
export interface Host {
  readonly core: Pick<
    typeof actionsCore,
    | 'error'
    | 'exportVariable'
    | 'getInput'
    | 'info'
    | 'notice'
    | 'saveState'
    | 'setOutput'
    | 'setSecret'
    | 'warning'
  >;
  readonly context: GitHubContext;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What could not be read of the event that started the workflow, in a sentence. */
  readonly eventProblem: string | undefined;
  readonly files: Files;
  /** Adds Markdown to the job summary. Throws where the runner takes none. */
  readonly appendSummary: (markdown: string) => void;
  /** Writes a file that only this user can read into the runner's temporary folder. Gives its path. */
  readonly writeTemp: (name: string, text: string) => string;
  /** Gives what sends requests to `baseUrl`. `timeoutMs` is the limit of one attempt, body included. */
  readonly connect: (options: { readonly baseUrl: string; readonly timeoutMs: number }) => Transport;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** A random UUID. */
  readonly newId: () => string;
  readonly version: string;
}
