import { describe, expect, it, test } from 'vitest';
import { filesIn, importsOf, type Node, nodesOf, nodesOfText } from '../../scripts/syntax.ts';

/** The rooms that data passes through, from the bottom up. The position of all others follows from their imports. */
const FLOORS = [
  ['src/api', 'src/inputs', 'src/job.ts'],
  ['src/results'],
  ['src/plan'],
  ['src/verdict.ts'],
  ['src/report'],
  ['src/perform.ts', 'src/rehearse.ts'],
  ['src/run.ts'],
  ['src/end.ts', 'src/index.ts'],
];

const files = filesIn('src/**/*.ts').filter((path) => !path.endsWith('.d.ts'));
const imports = new Map(
  files.map((path) => [path, importsOf(path).filter((other) => files.includes(other))]),
);
/** A room is a folder of src or a file beside them. */
const roomOf = (path: string) => path.split('/').slice(0, 2).join('/');
const rooms = new Map<string, Set<string>>();
for (const [path, others] of imports) {
  const room = roomOf(path);
  const known = rooms.get(room) ?? new Set();
  for (const other of others) if (roomOf(other) !== room) known.add(roomOf(other));
  rooms.set(room, known);
}

describe('the rooms of src', () => {
  it('are on floors that exist', () => {
    expect(FLOORS.flat().filter((room) => !rooms.has(room))).toEqual([]);
  });

  it('have no import cycles, nor do their files', () => {
    expect(new Set([...circlesOf(rooms), ...circlesOf(imports)])).toEqual(new Set());
  });

  it('import nothing from a floor above them', () => {
    const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));
    const climbs = FLOORS.flat().flatMap((room) =>
      [...reachedFrom(room, rooms)]
        .filter((other) => floorOf(other) > floorOf(room))
        .map(
          (other) => `${room} needs ${other}, which is above it: ${wayTo(room, other, rooms).join(' → ')}`,
        ),
    );
    expect(climbs).toEqual([]);
  });
});

test('a cycle and the path to a room are found', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ]);
  expect(circlesOf(graph)).toEqual(['a → b → c → a']);
  expect(wayTo('a', 'd', graph)).toEqual(['a', 'b', 'd']);
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
function wayTo(start: string, end: string, graph: Graph): string[] {
  const cameFrom = stepsFrom(start, graph);
  const way = [end];
  do way.unshift(cameFrom.get(way[0] ?? '') ?? start);
  while (way[0] !== start);
  return way;
}

/** Each cycle once, from the place in it that comes first in the graph. */
function circlesOf(graph: Graph): string[] {
  const told = new Set<string>();
  return [...graph.keys()].flatMap((place) => {
    if (told.has(place) || !stepsFrom(place, graph).has(place)) return [];
    const circle = wayTo(place, place, graph);
    for (const member of circle) told.add(member);
    return [circle.join(' → ')];
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
