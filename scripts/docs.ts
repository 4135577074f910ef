// `npm run docs` writes the tables of inputs and outputs in README.md from action.yml; with `--check` it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const README = join(ROOT, 'README.md');

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

/** `readme` with `table` between the markers `<!-- name -->` and `<!-- /name -->`. */
function withTable(readme: string, name: string, table: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [readme.indexOf(open), readme.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`README.md lacks the markers ${open} and ${close}.`);
  return `${readme.slice(0, start + open.length)}\n${table}\n${readme.slice(end)}`;
}

const action = readFileSync(join(ROOT, 'action.yml'), 'utf8');
const before = readFileSync(README, 'utf8');
const withInputs = withTable(before, 'inputs', inputsOf(groupsOf(action, 'inputs')));
const after = withTable(withInputs, 'outputs', outputsOf(groupsOf(action, 'outputs')));
if (!process.argv.includes('--check')) {
  writeFileSync(README, after);
} else if (after !== before) {
  console.error('The tables of inputs and outputs in README.md differ from action.yml.');
  process.exitCode = 1;
}
