// `node scripts/schema.ts` writes schema/span.json and schema/comparison.json, the JSON Schemas of the outputs `span` and
// `comparison`, from src. With `--check` it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJSONSchema } from 'zod';
import { Span } from '../src/api/span.ts';
import { Comparison } from '../src/comparison/comparison.ts';

const FOLDER = join(import.meta.dirname, '..', 'schema');

/** The JSON Schema of fields that src/api/span.ts checks with a function. */
const CUSTOM: Readonly<Record<string, object>> = {
  input: {},
  output: {},
  meta: { type: 'object' },
  score: { type: 'number' },
};

const { $schema, ...body } = toJSONSchema(Span, {
  unrepresentable: 'any',
  override({ zodSchema, jsonSchema, path }) {
    if (zodSchema._zod.def.type !== 'custom') return;
    const schema = Object.entries(CUSTOM).find(([field]) => path.includes(field))?.[1];
    if (schema === undefined) throw new Error(`CUSTOM has no JSON Schema for ${path.join('.')}. Add it.`);
    Object.assign(jsonSchema, schema);
  },
});
write('span.json', {
  $schema,
  title: 'Opper span',
  description:
    'The output `span` of opper-span-action: the span as the API returns it. A field that is null may be missing. ' +
    'If nothing was written (`outcome` is dry-run or skipped), it has what would have been written.',
  ...body,
  // If nothing was written, the name may be unknown.
  required: ['id'],
});
const { $schema: _, ...comparison } = toJSONSchema(Comparison, { io: 'input' });
write('comparison.json', {
  $schema,
  title: 'Comparison with a baseline',
  description:
    'The output `comparison` of opper-span-action: the newest earlier run on the branch `baseline`, and how this run differs ' +
    'from it. `newly_failed` and `no_longer_failing` are missing if the failing cases of one of the runs are not all known.',
  ...comparison,
});

/** Writes a file, or with `--check` compares it. */
function write(name: string, schema: object): void {
  const path = join(FOLDER, name);
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(`schema/${name} differs from the schema in src.`);
    process.exitCode = 1;
  }
}
