// `node scripts/lint-workflows.ts [file …]` checks these files, or by default action.yml, the workflows and the examples, with GitHub's
// language service: unknown keys, broken expressions, unknown inputs of this action. CI also runs actionlint and zizmor, which find more
// in workflows, but do not read action.yml or run from npm.
import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ActionMetadata } from '@actions/languageservice/action';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import manifest from '../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..');
const FILES = ['action.yml', '.github/workflows/*.yml', 'examples/*.yml'];
/** How an example names this action. */
const OWN_ACTION = `${manifest.repository.replace('github:', '')}@v1`;

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
const fetchActionMetadata = async ({ owner, name }: { owner: string; name: string }) =>
  OWN_ACTION.startsWith(`${owner}/${name}@`) ? action : { name, description: '' };

const named = process.argv.slice(2).map((file) => resolve(file));
const files = named.length > 0 ? named : globSync(FILES, { cwd: ROOT }).map((file) => join(ROOT, file));
for (const file of files.sort()) {
  // In this repository `./` is also this action.
  const text = readFileSync(file, 'utf8').replaceAll(/\buses: \.\/$/gm, `uses: ${OWN_ACTION}`);
  const document = TextDocument.create(pathToFileURL(file).href, 'yaml', 1, text);
  const diagnostics = await validate(document, { actionsMetadataProvider: { fetchActionMetadata } });
  for (const { message, range } of diagnostics.filter(({ severity = 1 }) => severity <= 2)) {
    const place = `${relative(process.cwd(), file).replaceAll(sep, '/')}:${range.start.line + 1}`;
    console.error(`${place}: ${typeof message === 'string' ? message : message.value}`);
    process.exitCode = 1;
  }
}
