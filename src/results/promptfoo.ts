import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { present } from '../present.ts';
import { cut, textOf } from '../text.ts';
import type { FoundCase, Measured, OnCase } from './cases.ts';
import { totalOf } from './declared.ts';
import type { FileSummary, JsonFormat } from './format.ts';
import type { JsonLine } from './json-file.ts';
import { arrayAt, booleanAt, numberIn, objectAt, objectIn, outputIn, sumOf, textIn } from './shape.ts';
import type { CaseStatus } from './tests.ts';

// From promptfoo's ResultFailureReason. Version 2 of its results does not have it.
const ERRORED = 2;

/** What `promptfoo eval -o results.json` writes, in versions 2 and 3: `results.results[]`, latency in milliseconds. */
export const promptfoo: JsonFormat = {
  name: 'promptfoo',

  recognises: (document) => Array.isArray(objectIn(objectIn(document).results).results),

  read(value, onCase) {
    const document = objectAt('results', objectAt('the document', value).results);
    const results = arrayAt('results.results', document.results).map((result, i) =>
      objectAt(`results.results[${i}]`, result),
    );
    const labels = new Labels();
    for (const result of results) labels.add(result);
    results.forEach((result, i) => {
      onCase(caseIn(result, `results.results[${i}].success`, labels));
    });
    const stats = objectIn(document.stats);
    // Version 2 counts errors as failures.
    const [failures, errors] = [totalOf(stats.failures), totalOf(stats.errors)];
    const totals = `failures: ${failures ?? 0}, errors: ${errors ?? 0}`;
    return {
      durationMs: sumOf(results.map(({ latencyMs }) => numberIn(latencyMs))),
      declared: { failed: sumOf([failures, errors]), totals },
    };
  },
};

/** Whether the value of a line is a result in JSON Lines, which `promptfoo eval -o results.jsonl` writes. */
export function isResult(value: Json | undefined): boolean {
  const { success, promptIdx, vars } = objectIn(value);
  return typeof success === 'boolean' && typeof promptIdx === 'number' && isJsonObject(vars);
}

/** Reads promptfoo's JSON Lines twice, since a case is named after what the others have. Throws like {@link promptfoo}. */
export async function readResultLines(
  open: () => AsyncIterable<readonly JsonLine[]>,
  onCase: OnCase,
): Promise<FileSummary> {
  const labels = new Labels();
  let durationMs: number | undefined;
  for await (const lines of open()) {
    for (const { number, value } of lines) {
      const result = objectAt(`line ${number}`, value);
      labels.add(result);
      durationMs = sumOf([durationMs, numberIn(result.latencyMs)]);
    }
  }
  for await (const lines of open()) {
    for (const { number, value } of lines) {
      onCase(caseIn(objectIn(value), `line ${number}: success`, labels));
    }
  }
  return { durationMs, declared: {} };
}

function caseIn(result: JsonObject, place: string, labels: Labels): FoundCase {
  const success = booleanAt(place, result.success);
  return {
    status: success && !result.failureReason ? 'passed' : failedOrErrored(result),
    details: () => ({
      name: titleOf(result) + labels.of(result),
      why: { message: textIn(result.error) || textIn(objectIn(result.gradingResult).reason) },
      ...(isJsonObject(result.vars) && { input: JSON.stringify(result.vars) }),
      ...outputIn(objectIn(result.response)),
      score: numberIn(result.score),
      durationMs: numberIn(result.latencyMs),
    }),
    measured: measuredIn(result),
  };
}

function failedOrErrored({ failureReason, error, gradingResult }: JsonObject): CaseStatus {
  // `error` may also be the reason of a failed assertion. An error before the assertions has no grading.
  const isErrored = failureReason === undefined ? error && !gradingResult : failureReason === ERRORED;
  return isErrored ? 'errored' : 'failed';
}

/** Labels that tell cases with the same title apart: the provider and the prompt, if there are several. */
class Labels {
  readonly #providers = new Set<string>();
  /** The place of each prompt in the configuration. */
  readonly #prompts = new Map<string, number>();
  #inOrder: readonly string[] | undefined;

  add(result: JsonObject): void {
    this.#providers.add(providerOf(result));
    const prompt = promptOf(result);
    // promptfoo lists cases in the order in which they ended. Version 2 has no promptIdx.
    const place = numberIn(result.promptIdx) ?? 0;
    this.#prompts.set(prompt, Math.min(place, this.#prompts.get(prompt) ?? place));
  }

  /** After all results were added. */
  of(result: JsonObject): string {
    this.#inOrder ??= [...this.#prompts].sort(([, a], [, b]) => a - b).map(([prompt]) => prompt);
    const labels = present([
      this.#providers.size > 1 && providerOf(result),
      this.#inOrder.length > 1 && `prompt ${this.#inOrder.indexOf(promptOf(result)) + 1}`,
    ]);
    return labels.length > 0 ? ` [${labels.join(', ')}]` : '';
  }
}

function titleOf(result: JsonObject): string {
  const title = textIn(objectIn(result.testCase).description) || textIn(result.description);
  if (title) return title;
  const vars = Object.entries(objectIn(result.vars));
  return cut(vars.map(([name, value]) => `${name}=${textOf(value)}`).join(', '), 100);
}

function providerOf({ provider }: JsonObject): string {
  return isJsonObject(provider) ? textIn(provider.label) || textIn(provider.id) : textIn(provider);
}

function promptOf({ prompt }: JsonObject): string {
  return textIn(objectIn(prompt).label) || textIn(objectIn(prompt).raw);
}

function measuredIn({ score, namedScores, cost, tokenUsage, response }: JsonObject): Measured {
  const named = Object.entries(objectIn(namedScores));
  // In version 2 the tokens are only in the provider's response.
  const tokens = objectIn(tokenUsage ?? objectIn(response).tokenUsage);
  return {
    score: numberIn(score),
    namedScores: Object.fromEntries(named.map(([name, value]) => [name, numberIn(value)])),
    cost: numberIn(cost),
    inputTokens: numberIn(tokens.prompt),
    outputTokens: numberIn(tokens.completion),
  };
}
