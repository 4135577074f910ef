// `node scripts/schema.ts` writes schema/span.json, the JSON Schema of the output `span`, from src/api/span.ts. With `--check` it
// only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJSONSchema } from 'zod';
import { Span } from '../src/api/span.ts';

const FILE = join(import.meta.dirname, '..', 'schema', 'span.json');

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
const schema = {
  $schema,
  title: 'Opper span',
  description:
    'The output `span` of opper-span-action: the span as the API returns it. A field that is null may be missing. ' +
    'If nothing was written (`outcome` is dry-run or skipped), it has what would have been written.',
  ...body,
  // If nothing was written, the name may be unknown.
  required: ['id'],
};
const text = `${JSON.stringify(schema, null, 2)}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('schema/span.json differs from the schema in src/api/span.ts.');
  process.exitCode = 1;
}
