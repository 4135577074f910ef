import { isJsonObject, type Json, kindOf } from '../json.ts';
import { counted, cut, listed } from '../text.ts';

/** Where a pointer leads. */
export interface PointerResult {
  /** The value at the end of the pointer, or the last one that has no such item or member. */
  readonly value: Json;
  readonly isEnd: boolean;
  /** The names on the way, numbers for the items of an array. Valid during the call. */
  readonly path: readonly (string | number)[];
}
type OnResult = (result: PointerResult) => void;

/** A JSON Pointer (RFC 6901) in which a name `*` stands for every item or member. */
export class Pointer {
  readonly text: string;
  readonly #names: readonly string[];

  constructor(text: string) {
    this.text = text;
    const names = text.split('/').slice(1);
    this.#names = names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  }

  /** Whether it points to one value. */
  get isSingle(): boolean {
    return !this.#names.includes('*');
  }

  /** Follows the pointer in a document. */
  find(document: Json, onResult: OnResult): void {
    this.#walk(document, 0, [], onResult);
  }

  /** Follows it in one item of an array that is not held whole. */
  findInItem(item: Json, index: number, onResult: OnResult): void {
    const [name] = this.#names;
    if (name === '*' || name === String(index)) this.#walk(item, 1, [index], onResult);
  }

  /** After the items of such an array: reports if the pointer leads to none of them. */
  endItems(count: number, onResult: OnResult): void {
    const [name = ''] = this.#names;
    if (name === '*' || (indexIn(name) ?? count) < count) return;
    onResult({ value: new Array<Json>(count), isEnd: false, path: [] });
  }

  #walk(value: Json, depth: number, path: (string | number)[], onResult: OnResult): void {
    const name = this.#names[depth];
    if (name === undefined) {
      onResult({ value, isEnd: true, path });
      return;
    }
    let isEmpty = true;
    for (const [key, child] of childrenOf(value, name)) {
      isEmpty = false;
      path.push(key);
      this.#walk(child, depth + 1, path, onResult);
      path.pop();
    }
    if (isEmpty) onResult({ value, isEnd: false, path });
  }
}

/** The item or member with this name; for `*` all of them. */
function childrenOf(value: Json, name: string): Iterable<readonly [string | number, Json]> {
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    if (name === '*') return items.entries();
    const index = indexIn(name) ?? items.length;
    return index < items.length ? [[index, items[index] as Json]] : [];
  }
  if (!isJsonObject(value)) return [];
  if (name === '*') return Object.entries(value);
  return Object.hasOwn(value, name) ? [[name, value[name] as Json]] : [];
}

/** The place of a result and what is there, for an error: `/evals/2 is an object with the keys name, error`. */
export function foundText({ value, isEnd, path }: PointerResult): string {
  const place = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `${cut(place, 200) || 'the document'} is ${isEnd ? valueText(value) : insideOf(value)}`;
}

function indexIn(name: string): number | undefined {
  return /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : undefined;
}

function valueText(value: Json): string {
  const isTooLarge = typeof value === 'number' && !Number.isFinite(value);
  return isTooLarge ? 'a number that is too large' : kindOf(value);
}

function insideOf(value: Json): string {
  if (Array.isArray(value)) return `an array of ${counted(value.length, 'item')}`;
  if (!isJsonObject(value)) return kindOf(value);
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `an object with the keys ${listed(keys)}`;
}
