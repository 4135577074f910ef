// `npm run docs` fills the generated parts of README.md and docs/*.md: the tables of inputs and outputs from action.yml, and the
// examples that have markers there. Every other example must be linked. With `--check` it only compares. `node scripts/docs.ts
// --check FOLDER` checks another checkout.
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';

interface Row {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly default: string;
}
interface Group {
  /** The comment above the group's first entry in action.yml. */
  readonly title: string;
  readonly rows: Row[];
}

/** The entries of `inputs` or `outputs` in groups, each of which starts with a comment in action.yml. A missing description is an error. */
function groupsOf(source: string, section: 'inputs' | 'outputs'): Group[] {
  const map = parseDocument(source).get(section);
  if (!isMap(map)) throw new Error(`action.yml has no ${section}.`);
  const groups: Group[] = [];
  for (const [position, { key, value }] of map.items.entries()) {
    if (!isScalar(key) || !isMap(value))
      throw new Error(`action.yml: ${section} holds an entry that is not a map.`);
    // The YAML parser attaches the comment above the first entry to the map.
    const comment = position === 0 ? map.commentBefore : key.commentBefore;
    const group = groups.at(-1);
    if (comment || group === undefined)
      groups.push({ title: (comment ?? '').trim(), rows: [rowOf(section, String(key.value), value)] });
    else group.rows.push(rowOf(section, String(key.value), value));
  }
  return groups;
}

function rowOf(section: string, name: string, entry: YAMLMap): Row {
  const description = String(entry.get('description') ?? '').trim();
  if (description === '') throw new Error(`action.yml: ${section}.${name} has no description.`);
  return {
    name,
    description,
    required: entry.get('required') === true,
    default: String(entry.get('default') ?? ''),
  };
}

function inputsOf(groups: readonly Group[]): string {
  return groups
    .map(({ title, rows }) => {
      const lines = rows.map((row) => {
        const name = row.required ? `\`${row.name}\` (required)` : `\`${row.name}\``;
        return `| ${name} | ${cellOf(row.description)} | ${row.default && cellOf(`\`${row.default}\``)} |`;
      });
      return [`**${title}**`, '', '| input | what it is | default |', '|---|---|---|', ...lines].join('\n');
    })
    .join('\n\n');
}

function outputsOf(groups: readonly Group[]): string {
  const lines = groups
    .flatMap(({ rows }) => rows)
    .map((row) => `| \`${row.name}\` | ${cellOf(row.description)} |`);
  return ['| output | what it is |', '|---|---|', ...lines].join('\n');
}

/** Text for a cell of a Markdown table. */
function cellOf(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

const LANGUAGES: Readonly<Record<string, string>> = {
  '.json': 'json',
  '.py': 'python',
  '.ts': 'ts',
  '.yml': 'yaml',
};

/** A file as a Markdown code block. */
function blockOf(name: string, content: string): string {
  return `\`\`\`${LANGUAGES[extname(name)]}\n${content.trimEnd()}\n\`\`\``;
}

/** `document` with `text` between the markers `<!-- name -->` and `<!-- /name -->`. */
function withPart(document: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [document.indexOf(open), document.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`The marker ${open} or ${close} is missing or misplaced.`);
  return `${document.slice(0, start + open.length)}\n${text}\n${document.slice(end)}`;
}

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const root = positionals[0] ?? join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const action = read('action.yml');
/** The text of a generated part, by the name in its markers. */
function partOf(name: string): string {
  if (name === 'inputs') return inputsOf(groupsOf(action, 'inputs'));
  if (name === 'outputs') return outputsOf(groupsOf(action, 'outputs'));
  return blockOf(name, read(name));
}

const documents = ['README.md', ...globSync('docs/*.md', { cwd: root })].map((path) => {
  const text = read(path);
  const parts = [...text.matchAll(/^<!-- (inputs|outputs|examples\/.+) -->$/gm)].map(([, name = '']) => name);
  return { path, text, parts };
});
const parts = documents.flatMap((document) => document.parts);
const lost = ['inputs', 'outputs'].filter((name) => !parts.includes(name));
if (lost.length > 0) throw new Error(`No document has markers for ${lost.join(', ')}.`);
const untold = readdirSync(join(root, 'examples'))
  .map((name) => `examples/${name}`)
  .filter((name) => !parts.includes(name) && !documents.some(({ text }) => text.includes(`${name})`)));
if (untold.length > 0) throw new Error(`No document quotes or links ${untold.join(', ')}.`);

for (const { path, text, parts } of documents) {
  const stale = parts.filter((name) => withPart(text, name, partOf(name)) !== text);
  if (stale.length === 0) continue;
  if (values.check) {
    console.error(`${path} differs from its sources in: ${stale.join(', ')}.`);
    process.exitCode = 1;
  } else {
    const whole = stale.reduce((document, name) => withPart(document, name, partOf(name)), text);
    writeFileSync(join(root, path), whole);
  }
}
