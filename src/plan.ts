import { ciFactsOf, type GitHubContext, type Job, jobErrorOf, withholdsSecrets } from './ci.ts';
import type { Decimal } from './decimal.ts';
import { FormError, InputError, type Problem } from './errors.ts';
import { type Files, readText } from './files.ts';
import {
  FIELD_INPUTS,
  type Inputs,
  parseInputs,
  parseMeta,
  parseResultsRequest,
  type RawInputs,
} from './inputs.ts';
import type { JsonObject } from './json.ts';
import { fieldsOf, readResults, type TestRun } from './results/results.ts';
import type { Recording } from './span.ts';

/** What is to be done, everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  readonly job: Job;
  readonly recording: Recording;
  /** What a file of a test format told. */
  readonly tests: TestRun | undefined;
}

/** What a plan is made of. */
export interface PlanSources {
  readonly raw: RawInputs;
  /** '' where there is none. */
  readonly key: string;
  readonly context: GitHubContext;
  readonly files: Files;
  /** The one instant that `now` means. */
  readonly now: Date;
}

const PASS_RATE_SCALE: Decimal = { digits: 100n, exponent: 0 };

/**
 * Parses the inputs, reads the files they name, and works out what to record. Throws {@link InputError} with the problems
 * of all of them at once. Without a key there is a plan only where none is needed, or where GitHub withholds it.
 */
export async function readPlan({ raw, key, context, files, now }: PlanSources): Promise<Plan> {
  const problems: Problem[] = [...keyProblems(), ...operationProblems(raw)];
  const collect = async <Value>(work: () => Value | Promise<Value>): Promise<Value | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };

  const request = await collect(() => parseResultsRequest(raw));
  const results = request && (await collect(() => readResults(request, files)));
  const tests = results?.kind === 'tests' ? results.tests : undefined;
  const file = results?.kind === 'fields' ? results : undefined;
  const inputs = await collect(() => parseWithFields(raw, file, key, now));
  const resultsMeta = await collect(() => metaOf(`meta in ${file?.path}`, file?.fields.meta));
  const fileMeta = await collect(() => readMetaFile(raw.meta_file.trim(), files));
  const measured = tests && (await collect(() => measure(tests, inputs?.scoreScale ?? PASS_RATE_SCALE)));
  if (!inputs || problems.length > 0) throw new InputError(problems);

  const job = { status: inputs.jobStatus, matrix: inputs.jobMatrix, checkRunId: inputs.jobCheckRunId };
  const metas = [
    inputs.ciMeta ? ciFactsOf(context, job) : {},
    measured?.meta,
    resultsMeta,
    fileMeta,
    inputs.meta,
  ];
  const error = measured?.error ?? jobErrorOf(context, job);
  const fields = {
    ...(measured && { score: measured.score }),
    ...(error !== undefined && { error }),
    ...inputs.fields,
    ...metaFieldOf(metas),
  };
  if (inputs.operation === 'update' && Object.keys(fields).length + inputs.clear.length === 0) {
    const message = `update has nothing to record. Give one of ${FIELD_INPUTS.join(', ')}, meta_file or results_file`;
    throw new InputError([{ name: 'operation', message }]);
  }
  return {
    inputs,
    job,
    tests,
    recording: { fields, clear: inputs.clear, keepsMeta: inputs.metaMode === 'merge' },
  };

  function keyProblems(): Problem[] {
    if (key !== '' || raw.dry_run.trim().toLowerCase() === 'true' || withholdsSecrets(context)) return [];
    const message = `is empty. Pass the key from a secret, such as ${'$'}{{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step; a secret that does not exist is empty too`;
    return [{ name: 'api_key', message }];
  }
}

/** `get` with something to record is a misunderstanding that would otherwise lose what was given. */
function operationProblems(raw: RawInputs): Problem[] {
  const given = [...FIELD_INPUTS, 'meta_file' as const, 'results_file' as const].filter(
    (name) => raw[name].trim() !== '',
  );
  if (raw.operation.trim() !== 'get' || given.length === 0) return [];
  return [
    {
      name: 'operation',
      message: `get writes nothing, but ${given.join(', ')} is given. Use update, or drop it`,
    },
  ];
}

interface FieldsFile {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The inputs, with those that the workflow leaves empty taken from the file; its `meta` is a layer of its own. */
function parseWithFields(raw: RawInputs, file: FieldsFile | undefined, key: string, now: Date): Inputs {
  const open = FIELD_INPUTS.filter(
    (name) => name !== 'meta' && raw[name].trim() === '' && file?.fields[name],
  );
  try {
    return parseInputs(
      { ...raw, ...Object.fromEntries(open.map((name) => [name, file?.fields[name]])) },
      key,
      now,
    );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      error.problems.map((problem) =>
        open.some((name) => name === problem.name)
          ? { ...problem, name: `${problem.name} in ${file?.path}` }
          : problem,
      ),
    );
  }
}

async function readMetaFile(path: string, files: Files): Promise<JsonObject | undefined> {
  if (path === '') return undefined;
  try {
    return metaOf(`meta_file ${path}`, await readText(files, path));
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw new InputError([{ name: `meta_file ${path}`, message: error.message }]);
  }
}

function metaOf(name: string, text: string | undefined): JsonObject | undefined {
  try {
    return text === undefined ? undefined : parseMeta(text);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw new InputError([{ name, message: error.message }]);
  }
}

function measure(tests: TestRun, scale: Decimal): { score: number; error?: string; meta: JsonObject } {
  const { score, ...rest } = fieldsOf(tests, scale);
  if (!Number.isSafeInteger(Number(score))) {
    throw new InputError([{ name: 'score_scale', message: 'makes the score larger than 9007199254740991' }]);
  }
  return { ...rest, score: Number(score) };
}

/** The layers of `meta` in one, later ones winning key by key; absent where no layer has anything to say. */
function metaFieldOf([ciFacts = {}, ...given]: readonly (JsonObject | undefined)[]): { meta?: JsonObject } {
  const isGiven = given.some((layer) => layer !== undefined);
  // Object.assign would take a key named __proto__ for the prototype, and lose it.
  const meta = Object.fromEntries([ciFacts, ...given].flatMap((layer) => Object.entries(layer ?? {})));
  return isGiven || Object.keys(meta).length > 0 ? { meta } : {};
}
