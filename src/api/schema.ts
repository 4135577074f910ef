import * as z from 'zod/mini';
import { isJsonObject, type Json, type JsonObject, numberOf } from '../json.ts';

// Parts of the schemas of responses. An absent field and null mean the same.

export const orNull = <Schema extends z.ZodMiniType>(schema: Schema) => z.exactOptional(z.nullable(schema));

export const text = z.string('expected text');
export const textOrNull = orNull(text);
export const objectOrNull = orNull(z.custom<JsonObject>(isJsonObject, 'expected an object'));

/** A number as a double. */
export const double = z.pipe(
  z.transform((value: Json) => numberOf(value)),
  z.number('expected a number'),
);

/** One page of a list. */
export const pageOf = <Entry extends z.ZodMiniType>(entry: Entry) =>
  z.object({
    meta: z.object({ total_count: double }, 'expected an object'),
    data: z.array(entry, 'expected a list'),
  });
