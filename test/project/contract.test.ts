import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync } from 'rolldown/utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { InputError } from '../../src/errors.ts';
import { type InputName, parseInputs, parseResultsRequest, type RawInputs } from '../../src/inputs/inputs.ts';
import { OUTPUTS } from '../../src/report/report.ts';

const ROOT = join(import.meta.dirname, '../..');
const readText = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Entry {
  readonly description?: string;
}
const action = parse(readText('action.yml')) as {
  readonly inputs: Readonly<Record<string, Entry>>;
  readonly outputs: Readonly<Record<string, Entry>>;
  readonly runs: object;
};

describe('action.yml', () => {
  it('declares the inputs that are read, in the order in which their problems are told', () => {
    const results = namesRead((raw) => parseResultsRequest(raw));
    const others = namesRead((raw) => parseInputs(raw, new Date(0)));
    const declared = Object.keys(action.inputs);
    expect(others).toEqual(declared.filter((name) => !results.includes(name)));
    expect(results).toEqual(declared.filter((name) => results.includes(name)));
    expect(results).toEqual(['results_file', 'results_format', 'score_pointer']);
  });

  it('declares the outputs that are set, in the same order', () => {
    expect(Object.keys(action.outputs)).toEqual([...OUTPUTS]);
  });

  it('describes each of them in a sentence', () => {
    const entries = Object.entries({ ...action.inputs, ...action.outputs });
    const undescribed = entries.filter(([, { description = '' }]) => !/^\S.*\.$/s.test(description));
    expect(undescribed).toEqual([]);
  });

  it('runs one file on Node 24, with no action inside and no token', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' });
    expect(existsSync(join(ROOT, 'dist/index.js'))).toBe(true);
    expect(readText('action.yml')).not.toMatch(/github\.token|GITHUB_TOKEN/);
  });

  function namesRead(read: (raw: RawInputs) => unknown): string[] {
    const names: string[] = [];
    const raw = new Proxy({} as RawInputs, {
      get: (_target, name: InputName) => {
        names.push(name);
        return '';
      },
    });
    // What has no default may not be empty: that is a problem, once all are read.
    expect(() => read(raw)).toThrow(InputError);
    return names;
  }
});

/**
 * The rooms of src, and what each imports. A room stands below all that it imports, so imports go one way. A package whose
 * types alone are used is marked: at run time it is handed in.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  errors: ['node:util'],
  json: ['errors'],
  decimal: [],
  timestamp: ['errors'],
  inert: [],
  secret: ['json'],
  files: ['errors'],
  proxy: ['errors'],
  span: ['json', 'timestamp', 'zod/mini'],
  ci: ['json', 'type @actions/github'],
  answer: ['errors', 'json', 'span', 'zod/mini'],
  client: ['answer', 'secret', 'span', 'ofetch'],
  'results/format': ['errors', 'json', 'node:util'],
  'results/ctrf': ['json', 'results/format'],
  'results/jest': ['json', 'results/format'],
  'results/junit': ['errors', 'results/format', 'saxes'],
  'results/promptfoo': ['json', 'results/format'],
  'results/results': [
    'decimal',
    'errors',
    'files',
    'json',
    'results/ctrf',
    'results/format',
    'results/jest',
    'results/junit',
    'results/promptfoo',
  ],
  inputs: ['../../action.yml', 'decimal', 'errors', 'json', 'results/results', 'span', 'timestamp'],
  plan: ['ci', 'decimal', 'errors', 'files', 'inputs', 'json', 'results/results', 'span'],
  report: ['errors', 'inert', 'json', 'results/results', 'span'],
  summary: ['inert', 'report', 'results/format'],
  run: [
    'ci',
    'client',
    'errors',
    'files',
    'inert',
    'inputs',
    'plan',
    'report',
    'secret',
    'span',
    'summary',
    'type @actions/core',
  ],
  index: [
    '../../package.json',
    'errors',
    'proxy',
    'run',
    '@actions/core',
    '@actions/github',
    'node:fs',
    'node:path',
    'node:http',
    'zod/mini',
  ],
};

describe('the rooms of src', () => {
  const rooms = globSync('src/**/*.ts', { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/').slice('src/'.length, -'.ts'.length))
    .filter((room) => !room.endsWith('.d'));

  it('are those of the table', () => {
    expect(rooms.toSorted()).toEqual(Object.keys(ROOMS).toSorted());
  });

  it.each(Object.entries(ROOMS))('%s imports what the table says', (room, imports) => {
    expect(importsOf(room).toSorted()).toEqual(imports.toSorted());
  });

  it('import rooms above them only', () => {
    const order = Object.keys(ROOMS);
    const wrong = Object.entries(ROOMS).flatMap(([room, imports]) =>
      imports
        .filter((name) => order.indexOf(name) >= order.indexOf(room))
        .map((name) => `${room} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(rooms.filter((room) => room !== 'index'))(
    '%s takes from its caller what index.ts takes from the machine',
    (room) => {
      const { program } = parseSource(`src/${room}.ts`);
      expect([...nodesOf(program)].flatMap(machineUseOf)).toEqual([]);
    },
  );

  it('and index.ts shows that this would be seen', () => {
    const { program } = parseSource('src/index.ts');
    const uses = new Set([...nodesOf(program)].flatMap(machineUseOf));
    expect([...uses].toSorted()).toEqual(['Date.now', 'Math.random', 'process', 'setTimeout']);
  });
});

describe('the tests', () => {
  it.each(globSync('test/**/*.ts', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/')))(
    'of %s mock no module and leave none out',
    (path) => {
      const { program } = parseSource(path);
      expect([...nodesOf(program)].flatMap(evasionOf)).toEqual([]);
    },
  );

  it('and a test that did would be seen', () => {
    const { program } = parseSync(
      'a.test.ts',
      `vi.mock('./a.ts'); it.only('a'); describe.skip.each([]); it.todo('b');`,
    );
    expect([...nodesOf(program)].flatMap(evasionOf)).toEqual(['vi.mock', 'only', 'skip', 'todo']);
  });
});

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

function parseSource(path: string) {
  const source = readText(path);
  const { program, module, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed`);
  return { program, module, source };
}

/** What a room imports, other rooms by name, types and `import()` too. */
function importsOf(room: string): string[] {
  const { module, program, source } = parseSource(`src/${room}.ts`);
  const ofTypes = [...nodesOf(program)]
    .filter(({ type }) => type === 'TSImportType')
    .map(() => '(a type by import())');
  const fixed = module.staticImports.map(({ moduleRequest, entries }) => {
    const isType = entries.length > 0 && entries.every((entry) => entry.isType);
    return nameOf(moduleRequest.value, isType);
  });
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [nameOf(moduleRequest.value, isType)] : [],
    ),
  );
  const lazy = module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
    nameOf(source.slice(start + 1, end - 1), false),
  );
  return [...new Set([...fixed, ...exported, ...lazy, ...ofTypes])].filter(
    (name, _, names) => !(name.startsWith('type ') && names.includes(name.slice('type '.length))),
  );

  function nameOf(specifier: string, isType: boolean): string {
    if (!specifier.startsWith('.')) return isType ? `type ${specifier}` : specifier;
    return posix.relative('src', posix.join('src', posix.dirname(room), specifier)).replace(/\.ts$/, '');
  }
}

function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) yield value as Node;
  for (const field of Object.values(value)) yield* nodesOf(field);
}

/** What a node takes from the machine: the environment, the clock, chance, the terminal. */
function machineUseOf(node: Node): string[] {
  if (
    node.type === 'Identifier' &&
    /^(process|console|performance|setTimeout|setInterval)$/.test(String(node.name))
  ) {
    return [String(node.name)];
  }
  if (
    node.type === 'NewExpression' &&
    nameOf(node.callee) === 'Date' &&
    (node.arguments as []).length === 0
  ) {
    return ['new Date()'];
  }
  const member = memberOf(node);
  return member === 'Date.now' || member === 'Math.random' ? [member] : [];
}

/** How a test gets around what it is to test. */
function evasionOf(node: Node): string[] {
  const member = memberOf(node);
  if (/^vi\.(do)?mock$/i.test(member)) return [member];
  return /\.(skip|only|todo)$/.test(member) ? [member.slice(member.lastIndexOf('.') + 1)] : [];
}

/** `Date.now` for that expression; '.now' where the object is no plain name. */
function memberOf(node: Node): string {
  return node.type === 'MemberExpression' ? `${nameOf(node.object)}.${nameOf(node.property)}` : '';
}

function nameOf(node: unknown): string {
  const { type, name } = node as Node;
  return type === 'Identifier' ? String(name) : '';
}
