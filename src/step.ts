import { error } from '@actions/core';
import { config } from 'zod/mini';
import { headlineOf } from './errors.ts';
import { nodeHost } from './host/node-host.ts';
import { parseTracked } from './plan/track.ts';
import { run } from './run.ts';

/** Runs the step, or with the state that its start has left the end of a tracked job, and ends the process. */
export function step(state?: string): void {
  // Compiling a schema pays off only when it is used many times.
  config({ jitless: true });
  // Until the step knows better. Node ends a process whose last promise never settles as if all were well.
  process.exitCode = 1;
  run(nodeHost, state === undefined ? undefined : parseTracked(state)).then(exit, (thrown) => {
    error(headlineOf(thrown), { title: 'Opper span: internal error' });
    exit(1);
  });
}

/**
 * Ends the process once what was printed is out. Left to itself it would live on with a connection that nobody waits for any
 * more: one that is being made for ten seconds, one through a proxy that does not answer for ever.
 */
function exit(code: number): void {
  process.stdout.write('', () => process.exit(code));
}
