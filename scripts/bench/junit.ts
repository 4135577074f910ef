import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeJunitFile } from './junit-file.ts';
import {
  type Bench,
  type Measured,
  measure,
  NODE,
  printRow,
  printTarget,
  run,
  STEP,
  type Subject,
} from './measure.ts';

const PARSER: Subject = {
  name: 'bare parser',
  command: [NODE, join(import.meta.dirname, 'saxes.mjs')],
  requests: [],
};
const MB = 1e6;
const COLUMNS = [
  'file',
  'wall ms',
  'parser',
  '÷ parser',
  ' CPU ms',
  'parser',
  '÷ parser',
  'peak MB',
  'parser',
];

/** Compares the step on JUnit files of growing size with its XML parser alone. */
export async function benchJunit(connect: (latencyMs: number) => Promise<Bench>): Promise<void> {
  const bench = await connect(0);
  console.log('\nThe step on JUnit files, compared with its bare parser');
  printRow(COLUMNS);
  await benchFile(bench, 1, 11);
  const at10 = await benchFile(bench, 10, 11);
  const at100 = await benchFile(bench, 100, 5);
  const at200 = await benchFile(bench, 200, 3);

  console.log();
  printTarget('the step ÷ bare parser, wall time, 100 MB', at100.step.ms / at100.parser.ms, 1.5);
  printTarget('the step ÷ bare parser, CPU time, 100 MB', at100.step.cpuMs / at100.parser.cpuMs, 1.5);
  printTarget('peak memory of the step, 200 MB', at200.step.peakBytes / MB, 300, ' MB');
  // The differences leave out the start time.
  const [early, late] = [
    (at100.step.cpuMs - at10.step.cpuMs) / 90,
    (at200.step.cpuMs - at100.step.cpuMs) / 100,
  ];
  printTarget('CPU time per MB from 100 to 200 MB ÷ from 10 to 100 MB', late / early, 1.25);
}

async function benchFile(
  { folder, env: common, happened }: Bench,
  megabytes: number,
  rounds: number,
): Promise<{ step: Measured; parser: Measured }> {
  const path = join(folder, 'junit.xml');
  const cases = await writeJunitFile(path, megabytes);
  const env = { ...common, INPUT_RESULTS_FILE: path };

  await happened();
  run(STEP, env);
  const { methods, meta } = await happened();
  if (methods.join() !== STEP.requests.join() || meta?.['test.total'] !== cases) {
    throw new Error(`The step made the requests [${methods}] and recorded ${JSON.stringify(meta)}.`);
  }

  const [step, parser] = measure([STEP, PARSER], env, rounds);
  rmSync(path);
  printRow(COLUMNS, [
    `${megabytes} MB, ${rounds} rounds`,
    ...[step.ms, parser.ms, step.ms / parser.ms],
    ...[step.cpuMs, parser.cpuMs, step.cpuMs / parser.cpuMs],
    ...[step.peakBytes / MB, parser.peakBytes / MB],
  ]);
  return { step, parser };
}
