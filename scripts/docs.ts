// `npm run docs` writes into README.md the tables of inputs and outputs, from action.yml, and those files of examples that have markers
// there; the others it has to link. With `--check` it only compares. `node scripts/docs.ts --check FOLDER` does so for another checkout.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** The entries of `inputs` or `outputs`, in groups: in action.yml a comment line opens each. A missing description is an error. */
function groupsOf(source: string, section: 'inputs' | 'outputs'): Group[] {
  const map = parseDocument(source).get(section);
  if (!isMap(map)) throw new Error(`action.yml has no ${section}.`);
  const groups: Group[] = [];
  for (const [position, { key, value }] of map.items.entries()) {
    if (!isScalar(key) || !isMap(value))
      throw new Error(`action.yml: ${section} holds an entry that is not a map.`);
    // The YAML parser gives the comment above the first entry to the map.
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

/** Text as it stands in a cell of a Markdown table. */
function cellOf(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

const LANGUAGES: Readonly<Record<string, string>> = {
  '.json': 'json',
  '.py': 'python',
  '.ts': 'ts',
  '.yml': 'yaml',
};

/** A file as a block of code. */
function blockOf(name: string, content: string): string {
  return `\`\`\`${LANGUAGES[extname(name)]}\n${content.trimEnd()}\n\`\`\``;
}

/** `readme` with `text` between the markers `<!-- name -->` and `<!-- /name -->`. */
function withPart(readme: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [readme.indexOf(open), readme.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`README.md lacks the markers ${open} and ${close}.`);
  return `${readme.slice(0, start + open.length)}\n${text}\n${readme.slice(end)}`;
}

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const root = positionals[0] ?? join(import.meta.dirname, '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

const action = read('action.yml');
const before = read('README.md');
const quoted = [...before.matchAll(/^<!-- (examples\/.+) -->$/gm)].map(([, name = '']) => name);
const untold = readdirSync(join(root, 'examples'))
  .map((name) => `examples/${name}`)
  .filter((name) => !quoted.includes(name) && !before.includes(`](${name})`));
if (untold.length > 0) throw new Error(`README.md neither quotes nor links ${untold.join(', ')}.`);
const parts = [
  ['inputs', inputsOf(groupsOf(action, 'inputs'))],
  ['outputs', outputsOf(groupsOf(action, 'outputs'))],
  ...quoted.map((name) => [name, blockOf(name, read(name))] as const),
] as const;
const after = parts.reduce((readme, [name, text]) => withPart(readme, name, text), before);
if (!values.check) {
  writeFileSync(join(root, 'README.md'), after);
} else if (after !== before) {
  const stale = parts.filter(([name, text]) => withPart(before, name, text) !== before);
  console.error(`README.md differs from its sources in: ${stale.map(([name]) => name).join(', ')}.`);
  process.exitCode = 1;
}
