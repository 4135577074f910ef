import { FormError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject, kindOf } from '../json.ts';
import { cut } from '../words.ts';

// Reading JSON of an expected shape. The first four insist, with the place in the error; the last three take what is there.

export function objectAt(place: string, value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : mismatch(place, 'an object', value);
}

export function arrayAt(place: string, value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : mismatch(place, 'an array', value);
}

export function booleanAt(place: string, value: Json | undefined): boolean {
  return typeof value === 'boolean' ? value : mismatch(place, 'true or false', value);
}

/** What `table` makes of the word at `place`. */
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

/** The text, or an empty one. */
export function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** JSON has numbers that a double has not: `1e999` is read as infinite, and nobody can record that. */
export function numberIn(value: Json | undefined): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined;
}

/** The sum of the numbers that are known; undefined where none is. */
export function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
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
