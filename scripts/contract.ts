// `node scripts/contract.ts` names each file that lacks an input or output that another file has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { filesIn, type Node, nodesOf, nodesWithin } from './syntax.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const ACTION = 'action.yml';
const FORMS = 'src/inputs/inputs.ts';
const OUTPUTS = 'src/report/outputs.ts';
const CHANGELOG = 'CHANGELOG.md';

const action: { readonly inputs: object; readonly outputs: object } = parse(read(ACTION));

function inputGaps(): string[] {
  const declared = Object.keys(action.inputs);
  const formed = namesIn(FORMS, 'formsAt');
  const used = membersIn(
    filesIn('src/**/*.ts').filter((path) => !path.startsWith('src/inputs/') && path !== OUTPUTS),
  );
  const tested = wordsIn(filesIn('test/inputs/*.ts'));
  return [
    ...gaps(formed, declared, `The inputs of ${ACTION} lack`),
    ...gaps(declared, formed, `formsAt in ${FORMS} lacks`),
    ...gaps(declared, used, 'src/plan/plan.ts and the rest of src never use'),
    ...gaps(declared, tested, 'The tests in test/inputs/inputs.test.ts never name'),
    ...gaps(declared, promised(), `${CHANGELOG} does not name`),
    ...orderGap(FORMS, formed, declared),
  ];
}

function outputGaps(): string[] {
  const declared = Object.keys(action.outputs);
  const written = namesIn(OUTPUTS, 'OUTPUTS');
  return [
    ...gaps(written, declared, `The outputs of ${ACTION} lack`),
    ...gaps(declared, written, `OUTPUTS in ${OUTPUTS} lacks`),
    ...gaps(declared, promised(), `${CHANGELOG} does not name`),
    ...orderGap(OUTPUTS, written, declared),
  ];
}

/** `message` with the names that are missing elsewhere; empty if none is missing. */
function gaps(names: readonly string[], elsewhere: Iterable<string>, message: string): string[] {
  const known = new Set(elsewhere);
  const missing = names.filter((name) => !known.has(name));
  return missing.length > 0 ? [`${message} ${missing.join(', ')}.`] : [];
}

function orderGap(path: string, names: readonly string[], declared: readonly string[]): string[] {
  const common = declared.filter((name) => names.includes(name));
  const first = names.filter((name) => declared.includes(name)).find((name, at) => name !== common[at]);
  return first === undefined ? [] : [`${path} has ${first} in a different place than ${ACTION}.`];
}

/** The keys of the first object, or the texts of the first array, in the value of a constant. */
function namesIn(path: string, constant: string): string[] {
  const declaration = nodesOf(path).find(
    ({ type, id }) => type === 'VariableDeclarator' && (id as Node).name === constant,
  );
  if (declaration === undefined) throw new Error(`${path} has no constant ${constant}.`);
  const list = nodesWithin(declaration.init).find(({ type }) => /^(Object|Array)Expression$/.test(type));
  const entries = (list?.properties ?? list?.elements ?? []) as readonly Node[];
  return entries.map(({ key, value }) => String((key as Node | undefined)?.name ?? value));
}

/** Every identifier in these TypeScript files, and every word of their strings. */
function wordsIn(paths: readonly string[]): Set<string> {
  const words = paths.flatMap(nodesOf).flatMap(({ type, name, value }) => {
    if (type === 'Identifier') return [String(name)];
    return type === 'Literal' ? String(value).split(/\s+/) : [];
  });
  return new Set(words);
}

/** Every property that these TypeScript files read: `inputs.score`, `{ score } = inputs`. */
function membersIn(paths: readonly string[]): Set<string> {
  const members = paths.flatMap(nodesOf).flatMap(({ type, property, key }) => {
    if (type === 'MemberExpression') return [(property as Node).name];
    return type === 'Property' ? [(key as Node).name] : [];
  });
  return new Set(members.map(String));
}

/** What CHANGELOG.md has in backticks, such as `score`. */
function promised(): string[] {
  return [...read(CHANGELOG).matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

const missing = new Set([...inputGaps(), ...outputGaps()]);
for (const message of missing) console.error(message);
if (missing.size > 0) process.exitCode = 1;
