import type * as actionsCore from '@actions/core';
import type { Transport } from '../api/transport.ts';
import type { Files } from '../files.ts';
import type { GitHubContext } from '../job.ts';

/** Everything that the step uses from outside, as plain data and functions. */
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
  /** What is wrong with the event file, as a sentence. */
  readonly eventProblem: string | undefined;
  readonly files: Files;
  /** When the job began at the latest, in Unix milliseconds; undefined if that is unknown. */
  readonly jobBeganMs: number | undefined;
  /** Adds Markdown to the job summary. Throws if the runner has none. */
  readonly appendSummary: (markdown: string) => void;
  /** Writes a file that only this user can read to the runner's temporary folder. Returns its path. */
  readonly writeTemp: (name: string, text: string) => string;
  /** Makes a transport for `baseUrl`. `timeoutMs` limits one attempt, including the body. */
  readonly connect: (options: { readonly baseUrl: string; readonly timeoutMs: number }) => Transport;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** A random UUID. */
  readonly newId: () => string;
  readonly version: string;
  /** The address of the page on troubleshooting. */
  readonly docs: string;
}
