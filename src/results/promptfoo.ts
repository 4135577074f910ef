import { isJsonObject, type JsonObject } from '../json.ts';
import {
  arrayAt,
  booleanAt,
  cut,
  failureOf,
  numberOf,
  type Outcome,
  objectAt,
  sumOf,
  type TestFormat,
  textOf,
} from './format.ts';

// promptfoo's ResultFailureReason; version 2 of its results does not have it yet.
const ERRORED = 2;

/** What `promptfoo eval -o results.json` writes, versions 2 and 3 of its results: `results.results[]`, latency in milliseconds. */
export const promptfoo: TestFormat = {
  name: 'promptfoo',

  async recognises(source) {
    if (source.start !== '{') return false;
    const document = await source.readJson();
    return (
      isJsonObject(document) && isJsonObject(document.results) && Array.isArray(document.results.results)
    );
  },

  async parse(source, found) {
    const document = objectAt('the document', await source.readJson());
    const results = arrayAt('results.results', objectAt('results', document.results).results).map(
      (result, i) => objectAt(`results.results[${i}]`, result),
    );
    // Version 3 says where in the configuration a prompt stands; cases are in the order in which they ended.
    const inOrder = results.toSorted((a, b) => (numberOf(a.promptIdx) ?? 0) - (numberOf(b.promptIdx) ?? 0));
    const prompts = [...new Set(inOrder.map(promptOf))];
    const providers = new Set(results.map(providerOf));
    results.forEach((result, i) => {
      const labels = [
        ...(providers.size > 1 ? [providerOf(result)] : []),
        ...(prompts.length > 1 ? [`prompt ${prompts.indexOf(promptOf(result)) + 1}`] : []),
      ];
      const label = labels.length > 0 ? ` [${labels.join(', ')}]` : '';
      const grading = isJsonObject(result.gradingResult) ? result.gradingResult : {};
      found({
        outcome: outcomeOf(result, booleanAt(`results.results[${i}].success`, result.success)),
        describe: () =>
          failureOf(titleOf(result) + label, { message: textOf(result.error) || textOf(grading.reason) }),
        means: { ...scoresOf(result), ...known({ 'test.score.mean': numberOf(result.score) }) },
        sums: known({ 'test.cost': numberOf(result.cost), ...tokensOf(result) }),
      });
    });
    return sumOf(results.map(({ latencyMs }) => numberOf(latencyMs)));
  },
};

function outcomeOf({ failureReason, error, gradingResult }: JsonObject, success: boolean): Outcome {
  if (success) return 'passed';
  // A reason the assertions gave stands in `error` too; what went wrong before them has no grading.
  const errored = failureReason === undefined ? error && !gradingResult : failureReason === ERRORED;
  return errored ? 'errored' : 'failed';
}

function titleOf(result: JsonObject): string {
  const testCase = isJsonObject(result.testCase) ? result.testCase : {};
  const title = textOf(testCase.description) || textOf(result.description);
  if (title) return title;
  const vars = Object.entries(isJsonObject(result.vars) ? result.vars : {});
  return cut(
    vars.map(([name, value]) => `${name}=${textOf(value) || JSON.stringify(value)}`).join(', '),
    100,
  );
}

function providerOf({ provider }: JsonObject): string {
  return isJsonObject(provider) ? textOf(provider.label) || textOf(provider.id) : textOf(provider);
}

function promptOf({ prompt }: JsonObject): string {
  return isJsonObject(prompt) ? textOf(prompt.label) || textOf(prompt.raw) : '';
}

function scoresOf({ namedScores }: JsonObject): Record<string, number> {
  const scores = Object.entries(isJsonObject(namedScores) ? namedScores : {});
  return known(Object.fromEntries(scores.map(([name, score]) => [`test.scores.${name}`, numberOf(score)])));
}

/** The tokens of the call; version 2 has them only in the provider's response. */
function tokensOf({ tokenUsage, response }: JsonObject) {
  const usage = tokenUsage ?? (isJsonObject(response) ? response.tokenUsage : undefined);
  if (!isJsonObject(usage)) return {};
  return {
    'gen_ai.usage.input_tokens': numberOf(usage.prompt),
    'gen_ai.usage.output_tokens': numberOf(usage.completion),
  };
}

function known(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
