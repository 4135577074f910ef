import { InputError } from '../errors.ts';
import { readFields } from '../inputs/inputs.ts';
import { isJsonObject, type Json, kindOf } from '../json.ts';
import type { Results } from './results.ts';

/** The fields in the document of a `fields` file. Throws {@link InputError} that names the file if it is not an object. */
export function fieldsIn(document: Json, path: string, now: Date): Results {
  if (!isJsonObject(document)) {
    const message = `${path} is ${kindOf(document)}, but results_format fields expects an object such as {"score": 87}`;
    throw new InputError([{ name: 'results_file', message }]);
  }
  const { values, problems } = readFields(document, path, now);
  const { score: value, score_scale: scale, ...fields } = values;
  return {
    fields,
    problems,
    ...(value !== undefined && { score: { name: `score in ${path}`, value, scale } }),
  };
}
