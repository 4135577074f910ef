import { InputError, type Problem, problemOf } from '../errors.ts';
import { type Files, openText } from '../files.ts';
import { isJsonObject, type Json, type JsonObject, kindOf } from '../json.ts';
import { present } from '../present.ts';
import { listed, quoted } from '../text.ts';
import { otherText } from './documents.ts';
import { readJson } from './json-file.ts';
import { Mean, NamedMeans } from './mean.ts';
import { foundText, Pointer, type PointerResult } from './pointer.ts';
import type { Results } from './results.ts';
import { numberIn } from './shape.ts';

/**
 * The mean of what `scorePointer` finds in all files, and the mean of each metric that `metricsPointers` find. A file is JSON or
 * JSON Lines, which are read as one array. Throws {@link InputError} with every problem. Each names its input and the file.
 */
export async function readPointers(
  scorePointer: string | undefined,
  metricsPointers: readonly string[],
  paths: readonly [string, ...string[]],
  files: Files,
): Promise<Results> {
  const score = scorePointer === undefined ? undefined : new ScoreReader(scorePointer);
  const metrics = metricsPointers.map((text) => new MetricsReader(text));
  const readers: readonly PointerReader[] = [...present([score]), ...metrics];
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      await readFile(path, files, readers);
      problems.push(...present(readers.map((reader) => reader.endFile(path))));
    } catch (error) {
      problems.push(problemOf('results_file', path, error));
    }
  }
  const where = paths.length === 1 ? paths[0] : listed(paths);
  // The numbers may be in the bad file.
  if (problems.length === 0) problems.push(...present(readers.map((reader) => reader.end(where))));
  if (problems.length > 0) throw new InputError(problems);
  return {
    ...(score && { score: { name: `score in ${where}`, value: score.mean } }),
    ...(metricsPointers.length > 0 && { metrics: meansOf(metrics) }),
    problems,
  };
}

function meansOf(readers: readonly MetricsReader[]): Record<string, number> {
  const means = new NamedMeans();
  for (const reader of readers) means.merge(reader.means);
  // A sum may be too large.
  return Object.fromEntries(means.entries().filter(([, mean]) => Number.isFinite(mean)));
}

async function readFile(path: string, files: Files, readers: readonly PointerReader[]): Promise<void> {
  const isNamedSo = /\.(?:jsonl|ndjson)$/i.test(path);
  await using file = await openText(files, path);
  const other = /^[{[]/.test(file.beginning) ? undefined : otherText(file.beginning);
  if (other) throw other;
  const json = await readJson(file.pieces, (first, hasMore) => isNamedSo || (first !== undefined && hasMore));
  if ('document' in json) {
    for (const { pointer, take } of readers) pointer.find(json.document, take);
    return;
  }
  let count = 0;
  for await (const lines of json.lines) {
    for (const { value } of lines) {
      for (const { pointer, take } of readers) pointer.findInItem(value, count, take);
      count++;
    }
  }
  for (const { pointer, take } of readers) pointer.endItems(count, take);
}

/** Takes what a pointer finds, file by file. */
interface PointerReader {
  readonly pointer: Pointer;
  readonly take: (result: PointerResult) => void;
  /** What is wrong with the file that ends. */
  endFile(path: string): Problem | undefined;
  /** What is wrong with all files together. */
  end(paths: string): Problem | undefined;
}

/** The mean of what a pointer finds, all of which must be numbers. */
class ScoreReader implements PointerReader {
  readonly pointer: Pointer;
  readonly #mean = new Mean();
  #file = new Faults();

  constructor(pointer: string) {
    this.pointer = new Pointer(pointer);
  }

  readonly take = (result: PointerResult): void => {
    const number = result.isEnd ? measureIn(result.value) : undefined;
    if (number === undefined) {
      this.#file.add(result);
    } else {
      this.#file.numbers++;
      this.#mean.add(number);
    }
  };

  endFile(path: string): Problem | undefined {
    const message = this.#file.textFor(this.pointer, path);
    this.#file = new Faults();
    return message === undefined ? undefined : { name: 'score_pointer', message };
  }

  end(paths: string): Problem | undefined {
    if (Number.isFinite(this.mean)) return undefined;
    const message = `${quoted(this.pointer.text)} finds numbers in ${paths} whose sum is too large`;
    return { name: 'score_pointer', message };
  }

  /** To 12 significant digits, or the number itself if there is only one. */
  get mean(): number {
    return this.#mean.count === 1 ? this.#mean.sum : this.#mean.value;
  }
}

/** The places in a file where a pointer finds something other than a number. */
class Faults {
  numbers = 0;
  #count = 0;
  #first: string | undefined;
  #value: Json | undefined;

  add(result: PointerResult): void {
    this.#first ??= foundText(result);
    if (result.isEnd) this.#value = result.value;
    this.#count++;
  }

  textFor({ text, isSingle }: Pointer, path: string): string | undefined {
    if (this.#count === 0) return undefined;
    const pointer = quoted(text);
    if (this.#value === undefined && this.numbers === 0) {
      return `${pointer} finds nothing in ${path}: ${this.#first}`;
    }
    if (isSingle && typeof this.#value === 'number') {
      return `${pointer} points to a number in ${path} that is too large`;
    }
    if (isSingle) return `${pointer} points to ${kindOf(this.#value ?? null)} in ${path}, expected a number`;
    const places = this.#count + this.numbers;
    return `${pointer} finds no number at ${this.#count} of ${places} places in ${path}: ${this.#first}. Each needs one, since a case that did not finish must not raise the mean`;
  }
}

/** The mean of each metric that a pointer finds. Values that are not numbers are skipped. */
class MetricsReader implements PointerReader {
  readonly pointer: Pointer;
  readonly means = new NamedMeans();
  /** Of objects that have a name, but neither a score nor a value. */
  readonly #unscored = new NamedMeans();
  #hasScored = false;
  /** The first place that the pointer led to, for the error if none has a number. */
  #first: string | undefined;
  #unnamed: string | undefined;

  constructor(pointer: string) {
    this.pointer = new Pointer(pointer);
  }

  readonly take = (result: PointerResult): void => {
    const { value, isEnd, path } = result;
    const key = path.at(-1);
    if (isEnd && isJsonObject(value)) this.#takeObject(value);
    else if (isEnd && typeof key === 'string') this.means.add(key, measureIn(value));
    else if (isEnd && measureIn(value) !== undefined) this.#unnamed ??= foundText(result);
    this.#first ??= foundText(result);
  };

  endFile(path: string): Problem | undefined {
    const unnamed = this.#unnamed;
    if (unnamed === undefined) return undefined;
    this.#unnamed = undefined;
    const message = `${quoted(this.pointer.text)} finds numbers without a name in ${path}: ${unnamed} in an array. Point to objects such as {"accuracy": 0.92} or {"name": "accuracy", "value": 0.92}`;
    return { name: 'metrics_pointer', message };
  }

  end(paths: string): Problem | undefined {
    // DeepEval leaves the score out of a metric that failed. Beside others with a score, its numbers are not metrics.
    if (!this.#hasScored) this.means.merge(this.#unscored);
    if (this.means.size > 0) return undefined;
    const message = `${quoted(this.pointer.text)} finds no number in ${paths}: ${this.#first}`;
    return { name: 'metrics_pointer', message };
  }

  #takeObject(object: JsonObject): void {
    const { name, score, value } = object;
    if (typeof name === 'string' && (score !== undefined || value !== undefined)) {
      this.#hasScored = true;
      this.means.add(name, measureIn(score) ?? measureIn(value));
      return;
    }
    const means = typeof name === 'string' ? this.#unscored : this.means;
    for (const [key, member] of Object.entries(object)) means.add(key, measureIn(member));
  }
}

/** A number; 1 for true, 0 for false. */
function measureIn(value: Json | undefined): number | undefined {
  return typeof value === 'boolean' ? Number(value) : numberIn(value);
}
