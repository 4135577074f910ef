import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  differenceOf,
  expectedOf,
  FAULTS,
  type FaultBench,
  METHODS,
  startFaultBench,
  TIMES,
} from './table.ts';

// What is not retried is the same once and for ever.
const CASES = FAULTS.flatMap((row) =>
  METHODS.flatMap((method) =>
    (row.final ? TIMES.slice(-1) : TIMES).map((times) => ({ row, name: row.name, method, times })),
  ),
);

// A stalled row mostly waits.
vi.setConfig({ maxConcurrency: 8 });

let bench: FaultBench;
beforeAll(async () => {
  bench = await startFaultBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe.concurrent('the step recovers from a fault or says what to do', () => {
  it.each(CASES)('$name, on $method, $times', { timeout: 60_000 }, async ({ row, method, times }) => {
    const observed = await bench.observe(row, method, times);
    expect(differenceOf(observed, expectedOf(row, method, times))).toBe(undefined);
  });
});
