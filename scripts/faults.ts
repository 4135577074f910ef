// `npm run faults` runs the step from dist against every fault in the table that `npm test` checks, and prints what happened.
// Words on the command line select faults: `npm run faults -- reset 503`.
import { differenceOf, expectedOf, FAULTS, METHODS, startFaultBench, TIMES } from '../test/faults/table.ts';

const AT_ONCE = 6;

const chosen = process.argv.slice(2);
const rows = FAULTS.filter(({ name }) => chosen.length === 0 || chosen.some((word) => name.includes(word)));
const cases = rows.flatMap((row) =>
  METHODS.flatMap((method) => TIMES.map((times) => ({ row, method, times }))),
);

await using bench = await startFaultBench();

/** Observations in progress, at most AT_ONCE. */
const running = new Set<Promise<unknown>>();
async function observe({ row, method, times }: (typeof cases)[number]) {
  while (running.size >= AT_ONCE) await Promise.race(running);
  const start = performance.now();
  const observation = bench.observe(row, method, times);
  running.add(observation);
  const observed = await observation.finally(() => running.delete(observation));
  const promised = differenceOf(observed, expectedOf(row, method, times)) === undefined;
  return { row, method, times, durationMs: performance.now() - start, promised, ...observed };
}

const widths = [Math.max(...rows.map(({ name }) => name.length)), 5, 8, 7, 8, 7, 4, 7, 5];
function print(...cells: readonly unknown[]): void {
  console.log(cells.map((cell, index) => String(cell).padEnd(widths[index] ?? 0)).join('  '));
}

let broken = 0;
print('fault', 'on', 'times', 'stored', 'requests', 'arrived', 'exit', 'outcome', 's', 'message');
// All are started, and printed in the order of the table.
for (const observation of cases.map(observe)) {
  const seen = await observation;
  if (!seen.promised) broken++;
  const message = seen.promised ? seen.message : `NOT AS EXPECTED: ${seen.message}`;
  const { row, method, times, stored, requests, arrived, exitCode, outcome } = seen;
  const seconds = (seen.durationMs / 1000).toFixed(1);
  print(row.name, method, times, stored, requests, arrived, exitCode, outcome, seconds, message);
}
console.log(`\n${cases.length - broken} of ${cases.length} as expected`);
process.exitCode = broken === 0 ? 0 : 1;
