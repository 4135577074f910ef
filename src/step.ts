import { error } from '@actions/core';
import { config } from 'zod/mini';
import { headlineOf } from './errors.ts';
import { nodeHost } from './host/node-host.ts';
import { parseTracked } from './plan/track.ts';
import { run } from './run.ts';

/** Runs the step and ends the process. With `state`, saved at the start of a tracked job, it runs the end of that job. */
export function step(state?: string): void {
  // Compiling a schema pays off only if it is used many times.
  config({ jitless: true });
  // A failure until the step is done: if the last promise never settles, Node would exit with 0.
  process.exitCode = 1;
  const code = Promise.try(() => run(nodeHost, state === undefined ? undefined : parseTracked(state)));
  code.then(exit, (thrown) => {
    error(headlineOf(thrown), { title: 'Opper span: internal error' });
    exit(1);
  });
}

/**
 * Ends the process after its output is written. Otherwise an abandoned connection would keep it alive: for ten seconds while
 * connecting, and forever through a proxy that does not respond.
 */
function exit(code: number): void {
  process.stdout.write('', () => process.exit(code));
}
