import { InputError } from '../errors.ts';
import { readFields } from '../inputs/inputs.ts';
import { isJsonObject, type Json, kindOf } from '../json.ts';
import { counted, listed, quoted } from '../text.ts';
import type { Results } from './results.ts';

/** The number at a JSON Pointer (RFC 6901) in a document. Throws {@link InputError} that names the pointer and the file. */
export function scoreAtPointer(document: Json, pointer: string, path: string): Results {
  const value = valueAt(pointer, document, path);
  if (typeof value !== 'number') {
    throw problem(
      'score_pointer',
      `${quoted(pointer)} points to ${kindOf(value)} in ${path}, expected a number`,
    );
  }
  if (!Number.isFinite(value)) {
    throw problem('score_pointer', `${quoted(pointer)} points to a number in ${path} that is too large`);
  }
  return { score: { name: `score in ${path}`, value }, warnings: [], problems: [] };
}

/** The fields in the document of a `fields` file. Throws {@link InputError} that names the file if it is not an object. */
export function fieldsIn(document: Json, path: string, now: Date): Results {
  if (!isJsonObject(document)) {
    throw problem(
      'results_file',
      `${path} is ${kindOf(document)}, but results_format fields expects an object such as {"score": 87}`,
    );
  }
  const { values, problems } = readFields(document, path, now);
  const { score: value, score_scale: scale, ...fields } = values;
  return {
    fields,
    warnings: [],
    problems,
    ...(value !== undefined && { score: { name: `score in ${path}`, value, scale } }),
  };
}

function valueAt(pointer: string, document: Json, path: string): Json {
  let value = document;
  let place = '';
  for (const token of pointer.split('/').slice(1)) {
    const next = childOf(value, token.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (next === undefined) {
      throw problem(
        'score_pointer',
        `${quoted(pointer)} finds nothing in ${path}: ${place || 'the document'} is ${insideOf(value)}`,
      );
    }
    place += `/${token}`;
    value = next;
  }
  return value;
}

function childOf(value: Json, key: string): Json | undefined {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function insideOf(value: Json): string {
  if (Array.isArray(value)) return `an array of ${counted(value.length, 'item')}`;
  if (!isJsonObject(value)) return kindOf(value);
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `an object with the keys ${listed(keys)}`;
}

function problem(name: string, message: string): InputError {
  return new InputError([{ name, message }]);
}
