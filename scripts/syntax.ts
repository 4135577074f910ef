import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync } from 'rolldown/utils';

const ROOT = join(import.meta.dirname, '..');

/** A node of a syntax tree, as ESTree names its type and fields. */
export interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The paths that match, from the root of the project, with slashes on every system. */
export function filesIn(glob: string): string[] {
  return globSync(glob, { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

/** All nodes of a TypeScript file. */
export function nodesOf(path: string): Node[] {
  return nodesOfText(readFileSync(join(ROOT, path), 'utf8'), path);
}

/** All nodes of TypeScript source. Throws if it cannot be parsed. */
export function nodesOfText(source: string, path = 'source.ts'): Node[] {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`);
  return [...nodesWithin(program)];
}

/** A node or list of nodes, with all nodes inside, in order. */
export function* nodesWithin(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) yield value as Node;
  for (const field of Object.values(value)) yield* nodesWithin(field);
}

/** The files of the project that a file imports or re-exports: values, types, and with `import()`. */
export function importsOf(path: string): string[] {
  const specifiers = nodesOf(path).flatMap(({ source }) => {
    const { value } = (source ?? {}) as { value?: unknown };
    return typeof value === 'string' && value.startsWith('.') ? [value] : [];
  });
  return [...new Set(specifiers)].map((specifier) => posix.join(posix.dirname(path), specifier));
}
