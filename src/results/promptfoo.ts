import { isJsonObject, type JsonObject } from '../json.ts';
import { cut, textOf } from '../text.ts';
import type { Measured } from './cases.ts';
import { totalOf } from './declared.ts';
import type { JsonFormat } from './format.ts';
import type { CaseStatus } from './run.ts';
import { arrayAt, booleanAt, numberIn, objectAt, objectIn, sumOf, textIn } from './shape.ts';

// From promptfoo's ResultFailureReason. Version 2 of its results does not have it.
const ERRORED = 2;

/** What `promptfoo eval -o results.json` writes, in versions 2 and 3: `results.results[]`, latency in milliseconds. */
export const promptfoo: JsonFormat = {
  name: 'promptfoo',

  recognises: (document) => isJsonObject(document) && Array.isArray(objectIn(document.results).results),

  read(value, onCase) {
    const document = objectAt('results', objectAt('the document', value).results);
    const results = arrayAt('results.results', document.results).map((result, i) =>
      objectAt(`results.results[${i}]`, result),
    );
    const labelOf = labelling(results);
    results.forEach((result, i) => {
      const success = booleanAt(`results.results[${i}].success`, result.success);
      onCase({
        status: success && !result.failureReason ? 'passed' : failedOrErrored(result),
        details: () => ({
          name: titleOf(result) + labelOf(result),
          why: { message: textIn(result.error) || textIn(objectIn(result.gradingResult).reason) },
          ...(isJsonObject(result.vars) && { input: JSON.stringify(result.vars) }),
          ...answerIn(result),
          score: numberIn(result.score),
          durationMs: numberIn(result.latencyMs),
        }),
        measured: measuredIn(result),
      });
    });
    const stats = objectIn(document.stats);
    // Version 2 counts errors as failures.
    const [failures = 0, errors = 0] = [totalOf(stats.failures), totalOf(stats.errors)];
    return {
      durationMs: sumOf(results.map(({ latencyMs }) => numberIn(latencyMs))),
      declared: {
        failed: sumOf([totalOf(stats.failures), totalOf(stats.errors)]),
        totals: `failures: ${failures}, errors: ${errors}`,
      },
    };
  },
};

/** The model's answer as `output`; absent if there is none. */
function answerIn({ response }: JsonObject): { output?: string } {
  const { output } = objectIn(response);
  return output === undefined || output === null ? {} : { output: textOf(output) };
}

function failedOrErrored({ failureReason, error, gradingResult }: JsonObject): CaseStatus {
  // `error` may also be the reason of a failed assertion. An error before the assertions has no grading.
  const isErrored = failureReason === undefined ? error && !gradingResult : failureReason === ERRORED;
  return isErrored ? 'errored' : 'failed';
}

/** Labels that tell cases with the same title apart: the provider and the prompt, if there are several. */
function labelling(results: readonly JsonObject[]): (result: JsonObject) => string {
  // promptfoo lists cases in the order in which they ended. In version 3, promptIdx is the place of the prompt in the configuration.
  const inOrder = results.toSorted((a, b) => (numberIn(a.promptIdx) ?? 0) - (numberIn(b.promptIdx) ?? 0));
  const prompts = [...new Set(inOrder.map(promptOf))];
  const providers = new Set(results.map(providerOf));
  return (result) => {
    const labels = [
      ...(providers.size > 1 ? [providerOf(result)] : []),
      ...(prompts.length > 1 ? [`prompt ${prompts.indexOf(promptOf(result)) + 1}`] : []),
    ];
    return labels.length > 0 ? ` [${labels.join(', ')}]` : '';
  };
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
  const named = Object.entries(objectIn(namedScores)).filter(
    (entry): entry is [string, number] => entry[0].trim() !== '' && numberIn(entry[1]) !== undefined,
  );
  // In version 2 the tokens are only in the provider's response.
  const tokens = objectIn(tokenUsage ?? objectIn(response).tokenUsage);
  return {
    score: numberIn(score),
    namedScores: Object.fromEntries(named),
    cost: numberIn(cost),
    inputTokens: numberIn(tokens.prompt),
    outputTokens: numberIn(tokens.completion),
  };
}
