import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const filesIn = (glob: string) => globSync(glob, { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The parts of src in layers, from the bottom up. A part is a folder of src or a file beside them. All others are below. */
const LAYERS = [
  ['src/api', 'src/job.ts'],
  ['src/inputs'],
  ['src/host', 'src/results'],
  ['src/plan'],
  ['src/comparison'],
  ['src/report'],
  ['src/against-baseline.ts', 'src/execute.ts', 'src/without-sending.ts'],
  ['src/run.ts'],
  ['src/step.ts'],
  ['src/end.ts', 'src/index.ts'],
];
const partOf = (path: string) => path.split('/').slice(0, 2).join('/');
const layerOf = (path: string) => LAYERS.findIndex((layer) => layer.includes(partOf(path)));

/** The files that a source imports: values, types, and with `import()`. */
function importsIn(source: string, path: string): string[] {
  const specifiers = source.matchAll(/(?:\bfrom|^import|\bimport\() ?'(\.[^']+)'/gm);
  return [...specifiers].map(([, specifier = '']) => posix.join(posix.dirname(path), specifier));
}

/** Imports from another part that is not below. Biome finds cycles. */
const climbsIn = (source: string, path: string) =>
  importsIn(source, path)
    .filter((other) => partOf(other) !== partOf(path) && layerOf(other) >= Math.max(layerOf(path), 0))
    .map((other) => `${path} imports ${other}`);

/** Uses of time, random numbers, environment and terminal. */
function machineUsesIn(source: string): string[] {
  const code = source.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
  const uses =
    /\b(process(?!\.getBuiltinModule)|console|performance|set(Timeout|Interval))\b[.(]|new Date\(\)|\bDate\.now|\bMath\.random/g;
  return [...code.matchAll(uses)].map(([use]) => use);
}

test('no part of src imports from its own layer or one above', () => {
  const files = filesIn('src/**/*.ts');
  expect(LAYERS.flat().filter((part) => !files.some((path) => partOf(path) === part))).toEqual([]);
  expect(files.flatMap((path) => climbsIn(read(path), path))).toEqual([]);
  expect(climbsIn("import { run } from '../run.ts';", 'src/plan/plan.ts')).toHaveLength(1);
  expect(climbsIn("import type { Plan } from './plan/plan.ts';", 'src/json.ts')).toHaveLength(1);
  expect(climbsIn("const log = import('./report/log.ts');", 'src/execute.ts')).toEqual([]);
});

test('time, random numbers, environment and terminal come in through src/host', () => {
  const files = filesIn('src/**/*.ts').filter(
    (path) => layerOf(path) < layerOf('src/step.ts') && partOf(path) !== 'src/host',
  );
  expect(files.flatMap((path) => machineUsesIn(read(path)).map((use) => `${path}: ${use}`))).toEqual([]);
  const source =
    'process.exit(); console.log(new Date(), Date.now(), Math.random()); setTimeout(f, new Date(0));';
  expect(machineUsesIn(source)).toEqual([
    'process.',
    'console.',
    'new Date()',
    'Date.now',
    'Math.random',
    'setTimeout(',
  ]);
});

test('no test mocks a module', () => {
  const mock = ['vi', 'mock'].join('.');
  expect(filesIn('test/**/*.ts').filter((path) => read(path).includes(`${mock}(`))).toEqual([]);
});
