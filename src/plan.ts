import { type Recording, SPAN_FIELDS } from './api/span.ts';
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
} from './inputs/inputs.ts';
import { ciFactsOf, type GitHubContext, type Job, jobErrorOf, withholdsSecrets } from './job.ts';
import type { JsonObject } from './json.ts';
import { fieldsOf, readResults, type TestRun } from './results/results.ts';

/** What is to be done, everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  /** Empty only where the key is. */
  readonly spanId: string;
  /** Empty in a dry run that has none, and where GitHub withholds it. */
  readonly apiKey: string;
  readonly job: Job;
  readonly recording: Recording;
  /** What a file of a test format told. */
  readonly tests: TestRun | undefined;
  /** What is wrong with files that a job which has failed did not write, or not to the end. */
  readonly unread: readonly Problem[];
}

/** What a plan is made of. */
export interface PlanSources {
  readonly raw: RawInputs;
  readonly context: GitHubContext;
  readonly files: Files;
  /** The one instant that `now` means. */
  readonly now: Date;
}

const PASS_RATE_SCALE: Decimal = { digits: 100n, exponent: 0 };

/**
 * Parses the inputs, reads the files they name, and works out what to record. Throws {@link InputError} with the problems
 * of all of them at once. A key and the id of a span are there in every plan but where GitHub withholds the key: without
 * it the step before could not make a span either. In a job that has failed, a file that is missing or broken is only told:
 * the step that writes it may be the one that failed, and that is to be recorded.
 */
export async function readPlan({ raw, context, files, now }: PlanSources): Promise<Plan> {
  const problems: Problem[] = [...whereProblems(raw, context), ...operationProblems(raw)];
  const unread: Problem[] = [];
  const ofFiles = /^(failure|cancelled)$/.test(raw.job_status.trim()) ? unread : problems;

  const request = await collect(() => parseResultsRequest(raw), problems);
  const results = request && (await collect(() => readResults(request, files), ofFiles));
  const tests = results?.kind === 'tests' ? results.tests : undefined;
  const file = results?.kind === 'fields' ? results : undefined;
  const inputs = await collect(() => parseWithFields(raw, file, now), problems);
  const resultsMeta = await collect(() => metaOf(`meta in ${file?.path}`, file?.fields.meta), ofFiles);
  const path = raw.meta_file.trim();
  const fileMeta = path
    ? await collect(() => metaOf(`meta_file ${path}`, readText(files, path)), ofFiles)
    : undefined;
  const scale = inputs?.scoreScale ?? PASS_RATE_SCALE;
  const measured = tests && (await collect(() => measure(tests, scale), problems));
  if (!inputs || problems.length > 0) throw new InputError(problems);

  const job = { status: inputs.jobStatus, matrix: inputs.jobMatrix, checkRunId: inputs.jobCheckRunId };
  const ciFacts = inputs.ciMeta ? ciFactsOf(context, job) : {};
  const error = measured?.error ?? jobErrorOf(context, job);
  const fields = {
    ...(measured && { score: measured.score }),
    ...(error !== undefined && { error }),
    ...inputs.fields,
    ...metaFieldOf(ciFacts, [measured?.meta, resultsMeta, fileMeta, inputs.meta]),
  };
  if (inputs.operation === 'update' && Object.keys(fields).length + inputs.clear.length === 0) {
    const names = [...SPAN_FIELDS, 'clear', 'meta_file'].join(', ');
    const message = `update has nothing to record. Give one of ${names} or results_file`;
    throw new InputError([{ name: 'operation', message }]);
  }
  const recording = { fields, clear: inputs.clear, keepsMeta: inputs.metaMode === 'merge' };
  const { spanId = '', apiKey = '' } = inputs;
  return { inputs, spanId, apiKey, job, recording, tests, unread };
}

/** What `work` gives; undefined where it throws an {@link InputError}, whose problems go to `problems`. */
async function collect<Value>(
  work: () => Value | Promise<Value>,
  problems: Problem[],
): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** What is missing to know the span and to be let in. */
function whereProblems(raw: RawInputs, context: GitHubContext): Problem[] {
  const problems: Problem[] = [];
  const needsKey = raw.dry_run.trim().toLowerCase() !== 'true';
  if (needsKey && raw.api_key === '' && withholdsSecrets(context)) return [];
  if (raw.span_id.trim() === '') {
    const message =
      'is empty. Hand on the UUID of the span from the step that made it, and check that this step ran and set it';
    problems.push({ name: 'span_id', message });
  }
  if (needsKey && raw.api_key === '') {
    const message = `is empty. Pass the key from a secret, such as ${'$'}{{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step; a secret that does not exist is empty too`;
    problems.push({ name: 'api_key', message });
  }
  return problems;
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
function parseWithFields(raw: RawInputs, file: FieldsFile | undefined, now: Date): Inputs {
  const open = FIELD_INPUTS.filter(
    (name) => name !== 'meta' && raw[name].trim() === '' && file?.fields[name],
  );
  try {
    return parseInputs(
      { ...raw, ...Object.fromEntries(open.map((name) => [name, file?.fields[name]])) },
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

/** A layer of `meta`. What keeps its text from being read, or from being one, is a problem under `name`. */
async function metaOf(
  name: string,
  text: string | Promise<string> | undefined,
): Promise<JsonObject | undefined> {
  try {
    const read = await text;
    return read === undefined ? undefined : parseMeta(read);
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

/** The CI facts and, over them, the layers that were given, later ones winning key by key; absent where there is nothing. */
function metaFieldOf(
  ciFacts: JsonObject,
  layers: readonly (JsonObject | undefined)[],
): { meta?: JsonObject } {
  const given = layers.filter((layer) => layer !== undefined);
  // Object.assign would take a key named __proto__ for the prototype, and lose it.
  const meta = Object.fromEntries([ciFacts, ...given].flatMap((layer) => Object.entries(layer)));
  return given.length > 0 || Object.keys(meta).length > 0 ? { meta } : {};
}
