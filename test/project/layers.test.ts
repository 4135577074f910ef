import { describe, expect, it, test } from 'vitest';
import { filesIn, importsOf, type Node, nodesOf, nodesOfText } from '../../scripts/syntax.ts';

/** The parts that data passes through, in layers from the bottom up. The position of all others follows from their imports. */
const LAYERS = [
  ['src/api', 'src/inputs', 'src/job.ts'],
  ['src/results'],
  ['src/plan'],
  ['src/report'],
  ['src/execute.ts', 'src/without-sending.ts'],
  ['src/run.ts'],
  ['src/end.ts', 'src/index.ts'],
];

const files = filesIn('src/**/*.ts').filter((path) => !path.endsWith('.d.ts'));
const imports = new Map(
  files.map((path) => [path, importsOf(path).filter((other) => files.includes(other))]),
);
/** A part is a folder of src or a file beside them. */
const partOf = (path: string) => path.split('/').slice(0, 2).join('/');
const parts = new Map<string, Set<string>>();
for (const [path, others] of imports) {
  const part = partOf(path);
  const known = parts.get(part) ?? new Set();
  for (const other of others) if (partOf(other) !== part) known.add(partOf(other));
  parts.set(part, known);
}

describe('the parts of src', () => {
  it('that have a layer exist', () => {
    expect(LAYERS.flat().filter((part) => !parts.has(part))).toEqual([]);
  });

  it('have no import cycles, and neither have their files', () => {
    expect(new Set([...cyclesOf(parts), ...cyclesOf(imports)])).toEqual(new Set());
  });

  it('import nothing from a layer above them', () => {
    const layerOf = (part: string) => LAYERS.findIndex((layer) => layer.includes(part));
    const climbs = LAYERS.flat().flatMap((part) =>
      [...reachedFrom(part, parts)]
        .filter((other) => layerOf(other) > layerOf(part))
        .map(
          (other) => `${part} needs ${other}, which is above it: ${pathTo(part, other, parts).join(' → ')}`,
        ),
    );
    expect(climbs).toEqual([]);
  });
});

test('a cycle and the path to a part are found', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ]);
  expect(cyclesOf(graph)).toEqual(['a → b → c → a']);
  expect(pathTo('a', 'd', graph)).toEqual(['a', 'b', 'd']);
});

test('run.ts and its imports get time, random numbers, environment and terminal from their caller', () => {
  const inside = ['src/run.ts', ...reachedFrom('src/run.ts', imports)];
  const uses = inside.flatMap((path) => machineUsesIn(nodesOf(path)).map((use) => `${path}: ${use}`));
  expect(uses).toEqual([]);
});

test('a use of the machine is detected', () => {
  const source =
    'process.exit(); console.log(new Date(), Date.now(), Math.random()); setTimeout(f, new Date(0));';
  expect(machineUsesIn(nodesOfText(source))).toEqual([
    'process',
    'console',
    'new Date()',
    'Date.now',
    'Math.random',
    'setTimeout',
  ]);
});

test('no test mocks a module or is skipped', () => {
  const evasions = filesIn('test/**/*.ts').flatMap((path) =>
    nodesOf(path)
      .flatMap(evasionOf)
      .map((evasion) => `${path}: ${evasion}`),
  );
  expect(evasions).toEqual([]);
});

test('a mocked module and a skipped test are detected', () => {
  const source = `vi.mock('./a.ts'); it.only('a'); describe.skip.each([]); it.todo('b');`;
  expect(nodesOfText(source).flatMap(evasionOf)).toEqual(['vi.mock', 'it.only', 'describe.skip', 'it.todo']);
});

type Graph = ReadonlyMap<string, Iterable<string>>;

/** The places that can be reached from a place in one or more steps, each with the place before it. */
function stepsFrom(start: string, graph: Graph): Map<string, string> {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const place of queue) {
    for (const next of graph.get(place) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, place);
      queue.push(next);
    }
  }
  return cameFrom;
}

function reachedFrom(start: string, graph: Graph): Iterable<string> {
  return stepsFrom(start, graph).keys();
}

/** The shortest path from one place to another, both included. */
function pathTo(start: string, end: string, graph: Graph): string[] {
  const cameFrom = stepsFrom(start, graph);
  const way = [end];
  do way.unshift(cameFrom.get(way[0] ?? '') ?? start);
  while (way[0] !== start);
  return way;
}

/** Each cycle once, from the place in it that comes first in the graph. */
function cyclesOf(graph: Graph): string[] {
  const reported = new Set<string>();
  return [...graph.keys()].flatMap((place) => {
    if (reported.has(place) || !stepsFrom(place, graph).has(place)) return [];
    const cycle = pathTo(place, place, graph);
    for (const member of cycle) reported.add(member);
    return [cycle.join(' → ')];
  });
}

/** The uses of the machine. Loading a module of Node on demand is not one. */
function machineUsesIn(nodes: readonly Node[]): string[] {
  const loaders = nodes
    .filter((node) => memberOf(node) === 'process.getBuiltinModule')
    .map(({ object }) => object);
  return nodes.filter((node) => !loaders.includes(node)).flatMap(machineUseOf);
}

function machineUseOf(node: Node): string[] {
  const { type, name } = node;
  if (type === 'Identifier' && /^(process|console|performance|setTimeout|setInterval)$/.test(String(name))) {
    return [String(name)];
  }
  if (type === 'NewExpression' && nameOf(node.callee) === 'Date' && (node.arguments as []).length === 0) {
    return ['new Date()'];
  }
  const member = memberOf(node);
  return member === 'Date.now' || member === 'Math.random' ? [member] : [];
}

/** How a test avoids what it should test. */
function evasionOf(node: Node): string[] {
  const member = memberOf(node);
  return /^vi\.(do)?mock$/i.test(member) || /\.(skip|only|todo)$/.test(member) ? [member] : [];
}

/** `Date.now` for that expression; '.now' if the object is not a plain name. */
function memberOf(node: Node): string {
  return node.type === 'MemberExpression' ? `${nameOf(node.object)}.${nameOf(node.property)}` : '';
}

function nameOf(node: unknown): string {
  const { type, name } = node as Node;
  return type === 'Identifier' ? String(name) : '';
}
