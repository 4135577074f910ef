import { FormError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject, kindOf } from '../json.ts';
import { cut, textOf } from '../text.ts';

// Functions named `…At` throw if the value does not have the expected type, with the place in the error. Those named `…In` do not throw.

export function objectAt(place: string, value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : mismatch(place, 'an object', value);
}

export function arrayAt(place: string, value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : mismatch(place, 'an array', value);
}

export function booleanAt(place: string, value: Json | undefined): boolean {
  return typeof value === 'boolean' ? value : mismatch(place, 'true or false', value);
}

/** Looks up the word at `place` in `table`. */
export function oneAt<Value>(
  place: string,
  value: Json | undefined,
  table: Readonly<Record<string, Value>>,
): Value {
  const found = typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
  return found ?? mismatch(place, `one of ${Object.keys(table).join(', ')}`, value);
}

/** The object, or an empty one. */
export function objectIn(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The array, or an empty one. */
export function arrayIn(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The text, or an empty one. */
export function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The number, if it is finite. JSON allows `1e999`, which is parsed as infinite and cannot be recorded. */
export function numberIn(value: Json | undefined): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined;
}

/** What the model answered, as text; absent if there is nothing. */
export function outputIn({ output = null }: JsonObject): { output?: string } {
  return output === null ? {} : { output: textOf(output) };
}

/** The sum of the known numbers; undefined if there are none. */
export function sumOf(values: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const value of values) if (value !== undefined) sum = (sum ?? 0) + value;
  return sum;
}

function mismatch(place: string, expected: string, value: Json | undefined): never {
  const found =
    value === undefined
      ? 'nothing'
      : typeof value === 'string'
        ? JSON.stringify(cut(value, 40))
        : kindOf(value);
  throw new FormError(`does not have the expected form: ${place}: expected ${expected}, found ${found}`);
}
