import * as z from 'zod/mini';
import { type Json, numberOf } from '../json.ts';

// Parts of the schemas of responses. An absent field and null mean the same.

export const orNull = <Schema extends z.ZodMiniType>(schema: Schema) => z.exactOptional(z.nullable(schema));

export const text = z.string('expected text');
export const textOrNull = orNull(text);

/** A number as a double. */
export const double = z.pipe(
  z.transform((value: Json) => numberOf(value)),
  z.number('expected a number'),
);
