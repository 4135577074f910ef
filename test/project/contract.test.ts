import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './copy.ts';

const folder = mkdtempSync(join(tmpdir(), 'contract-'));
cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
afterAll(() => rmSync(folder, { recursive: true }));

function check(root: string) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/contract.ts')], {
    encoding: 'utf8',
  });
  return { status, messages: stderr.trim() };
}

/** The check of a project of a few lines: each file, by its path, lists `names` in its own way. */
function checkOf(names: Readonly<Record<string, readonly string[]>>) {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text(names[path] ?? []));
  }
  return check(folder);
}

const lines = (names: readonly string[], line: (name: string) => string) => names.map(line).join('\n');
const FILES: Readonly<Record<string, (names: readonly string[]) => string>> = {
  'action.yml': (names) => {
    const entries = lines(names, (name) => `  ${name}: { description: What it is. }`);
    return `inputs:\n${entries}\noutputs:\n${entries}\n`;
  },
  'src/inputs/inputs.ts': (names) =>
    `const formsAt = (now: Date) => ({\n${lines(names, (name) => `${name}: now,`)}\n});`,
  'src/plan/plan.ts': (names) =>
    lines(names, (name) => `export const ${name}Of = (inputs: Inputs) => inputs.${name};`),
  'test/inputs/inputs.test.ts': (names) => lines(names, (name) => `test('a', () => read({ ${name}: '1' }));`),
  'src/report/outputs.ts': (names) =>
    `export const OUTPUTS = [${names.map((name) => `'${name}'`)}] as const;`,
  'CHANGELOG.md': (names) => lines(names, (name) => `- \`${name}\``),
};
const allWith = (...names: string[]) => Object.fromEntries(Object.keys(FILES).map((path) => [path, names]));

test('every input and output is in every file that lists them', () => {
  expect(check(ROOT)).toEqual({ status: 0, messages: '' });
});

describe('a new name', () => {
  it('is complete with the files that CONTRIBUTING lists', () => {
    expect(checkOf(allWith('score', 'tag'))).toEqual({ status: 0, messages: '' });
  });

  it.each([
    ['action.yml', 'The inputs of action.yml lack tag.\nThe outputs of action.yml lack tag.'],
    ['src/inputs/inputs.ts', 'formsAt in src/inputs/inputs.ts lacks tag.'],
    ['src/plan/plan.ts', 'src/plan/plan.ts and the rest of src never use tag.'],
    ['test/inputs/inputs.test.ts', 'The tests in test/inputs/inputs.test.ts never name tag.'],
    ['src/report/outputs.ts', 'OUTPUTS in src/report/outputs.ts lacks tag.'],
    ['CHANGELOG.md', 'CHANGELOG.md does not name tag.'],
  ])('that is missing from %s is reported with that file', (path, messages) => {
    expect(checkOf({ ...allWith('score', 'tag'), [path]: ['score'] })).toEqual({ status: 1, messages });
  });

  it('that is in a different place than in action.yml is reported', () => {
    const names = { ...allWith('score', 'tag'), 'src/report/outputs.ts': ['tag', 'score'] };
    const messages = 'src/report/outputs.ts has tag in a different place than action.yml.';
    expect(checkOf(names)).toEqual({ status: 1, messages });
  });
});

describe('action.yml', () => {
  const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as {
    readonly inputs: Readonly<Record<string, { readonly description?: string; readonly default?: string }>>;
    readonly outputs: Readonly<Record<string, { readonly description?: string }>>;
    readonly runs: object;
  };

  it('describes each input and output in sentences', () => {
    const entries = Object.entries({ ...action.inputs, ...action.outputs });
    const undescribed = entries.filter(([, { description = '' }]) => !/^\S.*\.$/s.test(description));
    expect(undescribed).toEqual([]);
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
