// `node scripts/lint-workflows.ts [file …]` checks these files, or by default action.yml, the workflows and the examples.
import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ActionMetadata } from '@actions/languageservice/action';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Document, isMap, isScalar, LineCounter, parse, parseDocument, visit } from 'yaml';
import { REPOSITORY } from './owner.ts';

const ROOT = join(import.meta.dirname, '..');
const FILES = ['action.yml', '.github/workflows/*.yml', 'examples/*.yml'];
/** How an example names this action. All other actions must be pinned to a commit. */
const OWN_ACTION = `${REPOSITORY}@v1`;

// The language service imports JSON without the attribute that Node requires.
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return resolved.url.endsWith('.json') ? { ...resolved, importAttributes: { type: 'json' } } : resolved;
  },
});
const { registerLogger, validate } = await import('@actions/languageservice');
// If the service itself fails, it only logs that and reports no problem. So make it throw.
const fail = (message: string): never => {
  throw new Error(`The language service failed: ${message}`);
};
registerLogger({ error: fail, warn: fail, info: () => {}, log: () => {} });

const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as ActionMetadata;

interface Fault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Everything wrong with a workflow or action file. */
async function faultsOf(file: string): Promise<Fault[]> {
  const source = readFileSync(file, 'utf8');
  const own = file.endsWith('action.yml') ? [] : ownFaultsOf(source);
  return [...(await serviceFaultsOf(file, source)), ...own].sort((a, b) => a.line - b.line);
}

/** What GitHub's language service finds: unknown keys, broken expressions, unknown inputs of this action. */
async function serviceFaultsOf(file: string, source: string): Promise<Fault[]> {
  // In this repository `./` is also this action.
  const text = source.replaceAll(/\buses: \.\/$/gm, `uses: ${OWN_ACTION}`);
  const document = TextDocument.create(pathToFileURL(file).href, 'yaml', 1, text);
  const fetchActionMetadata = async ({ owner, name }: { owner: string; name: string }) =>
    OWN_ACTION.startsWith(`${owner}/${name}@`) ? action : { name, description: '' };
  const diagnostics = await validate(document, { actionsMetadataProvider: { fetchActionMetadata } });
  return diagnostics
    .filter(({ severity = 1 }) => severity <= 2)
    .map(({ message, range }) => ({
      line: range.start.line + 1,
      message: typeof message === 'string' ? message : message.value,
    }));
}

/** What violates this repository's own rules. */
function ownFaultsOf(source: string): Fault[] {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const faults: Fault[] = [];
  const found = (offset: number, message: string) =>
    faults.push({ line: lines.linePos(offset).line, message });

  const permissions = document.get('permissions');
  if (!isMap(permissions) || permissions.items.length > 0) {
    found(0, 'permissions: {} is missing at the top; grant permissions in each job');
  }
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'string') return;
      const offset = value.range?.[0] ?? 0;
      if (key.value === 'run' && value.value.includes('${{')) {
        found(offset, 'An expression in run: lets text run as commands; pass it in env:');
      }
      if (key.value === 'uses' && !isPinned(value.value, value.comment ?? '')) {
        found(offset, `${value.value} is not pinned; write its commit and its version: @<40 hex> # v1.2.3`);
      }
    },
  });
  for (const [offset, name] of outputsUsed(document)) {
    if (!Object.hasOwn(action.outputs ?? {}, name)) found(offset, `This action has no output ${name}`);
  }
  return faults;
}

function isPinned(uses: string, comment: string): boolean {
  if (uses === OWN_ACTION || uses.startsWith('./')) return true;
  return /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(uses) && /^ v\d+\.\d+\.\d+$/.test(comment);
}

/** Every output of this action that an expression uses, with its place. */
function* outputsUsed(document: Document): Generator<[offset: number, name: string]> {
  const ids = new Set<string>();
  visit(document, {
    Map(_, step) {
      if ([OWN_ACTION, './'].includes(String(step.get('uses'))) && step.has('id'))
        ids.add(String(step.get('id')));
    },
  });
  const texts: [number, string][] = [];
  visit(document, {
    Scalar(_, { value, range }) {
      if (typeof value === 'string') texts.push([range?.[0] ?? 0, value]);
    },
  });
  for (const [offset, text] of texts) {
    for (const [, id = '', name = ''] of text.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      if (ids.has(id)) yield [offset, name];
    }
  }
}

const named = process.argv.slice(2).map((file) => resolve(file));
const files =
  named.length > 0
    ? named
    : FILES.flatMap((glob) => globSync(glob, { cwd: ROOT }))
        .map((file) => join(ROOT, file))
        .sort();
for (const file of files) {
  for (const { line, message } of await faultsOf(file)) {
    console.error(`${relative(process.cwd(), file).replaceAll(sep, '/')}:${line}: ${message}`);
    process.exitCode = 1;
  }
}
