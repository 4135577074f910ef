// What `npm run check` says to whoever adds an input, an output or a results format: each place that lacks its name. CONTRIBUTING.md
// says what belongs there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { OUTPUTS } from '../../src/report/outputs.ts';
import { EXPECTED_RECORDS } from '../results/expected-records.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (...globs: readonly string[]) =>
  globs
    .flatMap((glob) => globSync(glob, { cwd: ROOT }))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n');
const all = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map(([, name = '']) => name);
const words = (text: string) => all(/\b(\w+)\b/g, text);
const inBackticks = (text: string) => all(/`(\w+)`/g, text);

interface Entry {
  readonly description?: string;
  readonly default?: string;
}
const action: {
  readonly inputs: Readonly<Record<string, Entry>>;
  readonly outputs: Readonly<Record<string, Entry>>;
  readonly runs: object;
} = parse(read('action.yml'));
const [, forms = ''] = /const formsAt = .*?\{\n(.*?)^\}/ms.exec(read('src/inputs/inputs.ts')) ?? [];
const [, formats = ''] = /^ {2}results_format: oneOf\(\[(.*)\]/m.exec(forms) ?? [];
const CHANGELOG = read('CHANGELOG.md');

/** Places, each with the names in it. The first two list them all; the others have more than names. */
type Places = Readonly<Record<string, readonly string[]>>;

const INPUTS: Places = {
  'inputs of action.yml': Object.keys(action.inputs),
  'formsAt in src/inputs/inputs.ts': all(/^ {2}(\w+):/gm, forms),
  'src/plan/plan.ts, or the part of src that it affects': words(read('src/*.ts', 'src/!(inputs)/*.ts')),
  'test/inputs/inputs.test.ts': words(read('test/inputs/*.ts')),
  'CHANGELOG.md': inBackticks(CHANGELOG),
};
const OUTPUT_PLACES: Places = {
  'outputs of action.yml': Object.keys(action.outputs),
  'VALUES in src/report/outputs.ts': OUTPUTS,
  'test/report/outputs.test.ts': words(read('test/report/outputs.test.ts')),
  'CHANGELOG.md': inBackticks(CHANGELOG),
};
/** The formats without cases. */
const OTHERS = ['json', 'fields'];
const FORMATS: Places = {
  'results_format in src/inputs/inputs.ts': all(/'(\w+)'/g, formats).filter((name) => name !== 'auto'),
  'src/results/': [
    'junit',
    ...OTHERS,
    ...all(/: JsonFormat = \{\n {2}name: '(\w+)'/g, read('src/results/*.ts')),
  ],
  'description of results_format in action.yml': inBackticks(action.inputs.results_format?.description ?? ''),
  'test/fixtures/results/, with its test/results/expected-records.ts': [
    ...OTHERS,
    ...EXPECTED_RECORDS.map(({ meta }) => String(meta['test.format'])),
  ],
  'test/results/broken.test.ts': words(read('test/results/broken.test.ts')),
  'README.md, in its table of formats': all(/^\| `(\w+)` \|/gm, read('README.md')),
  'docs/results.md': inBackticks(read('docs/results.md')),
  'CHANGELOG.md': words(CHANGELOG.toLowerCase()),
};

/** Each place that lacks a name of the first two. */
function gapsIn(places: Places): string[] {
  const [first = [], second = []] = Object.values(places);
  const names = [...new Set([...first, ...second])];
  return Object.entries(places).flatMap(([place, known]) => {
    const missing = names.filter((name) => !known.includes(name));
    return missing.length > 0 ? [`${missing.join(', ')}: missing in ${place}`] : [];
  });
}

describe.each([
  ['input', INPUTS],
  ['output', OUTPUT_PLACES],
  ['results format', FORMATS],
] as const)('each %s', (_, places) => {
  it('is in every place that lists it', () => {
    expect(gapsIn(places)).toEqual([]);
  });

  it.each([0, 1])('that is new is reported with each place that lacks it (in place %d only)', (at) => {
    const known = Object.keys(places).map((place, index) => [place, index === at ? ['tag'] : []]);
    const others = Object.keys(places).toSpliced(at, 1);
    expect(gapsIn(Object.fromEntries(known))).toEqual(others.map((place) => `tag: missing in ${place}`));
  });
});

test.each([INPUTS, OUTPUT_PLACES])('all are in the order of action.yml', (places) => {
  const [first, second] = Object.values(places);
  expect(second).toEqual(first);
});

describe('action.yml', () => {
  it('describes each input and output in sentences', () => {
    const entries = Object.entries({ ...action.inputs, ...action.outputs });
    expect(entries.filter(([, { description = '' }]) => !/^\S.*\.$/s.test(description))).toEqual([]);
  });

  it('runs files of dist on Node 24, at the start and at the end of a job', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js', post: 'dist/end.js' });
    expect(['dist/index.js', 'dist/end.js'].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('reads no token and no secret by itself', () => {
    const defaults = Object.values(action.inputs).map((input) => input.default ?? '');
    expect(defaults.filter((value) => /token|secrets/.test(value))).toEqual([]);
  });
});
