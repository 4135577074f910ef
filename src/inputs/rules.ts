import type { Problem } from '../errors.ts';
import { isBadEnd, type Job } from '../job.ts';
import { defined, present } from '../present.ts';
import { PASS_RATE_SCALE } from '../scale.ts';
import { type Fields, type InputName, type Inputs, RECORDING_INPUTS, type Read } from './inputs.ts';

// Inputs that are fine one by one but wrong together. An input that is bad by itself gets no second problem.

/** Whether an input was given, even with a bad value. */
function isGiven({ values, problems }: Read<Partial<Inputs>>, name: InputName): boolean {
  return values[name] !== undefined || problems.some((problem) => problem.name === name);
}

/** A missing key or span. If GitHub withholds the key, neither is a problem: no earlier step could create a span. */
export function accessProblems(read: Read<Partial<Inputs>>, job: Job): Problem[] {
  const { values } = read;
  const found: Problem[] = [];
  if (!isGiven(read, 'api_key') && values.dry_run === false) {
    if (job.withholdsSecrets) return [];
    const message =
      'is empty. Pass the key from a secret, such as ${{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step. A secret that does not exist is also empty';
    found.push({ name: 'api_key', message });
  }
  if (!isGiven(read, 'span_id') && (values.operation === 'update' || values.operation === 'get')) {
    const message =
      'is empty. Pass the UUID of the span from the step that created it, and check that the step ran and set that output. Between jobs, the job must also name it under outputs';
    found.push({ name: 'span_id', message });
  }
  return found;
}

/** Inputs that this operation would ignore. */
export function operationProblems({ values }: Read<Partial<Inputs>>): Problem[] {
  const { operation, span_id } = values;
  const problems: Problem[] = [];
  const recorded = RECORDING_INPUTS.filter((name) => values[name] !== undefined);
  if (operation === 'get' && recorded.length > 0) {
    const message = `get writes nothing, but these are given: ${recorded.join(', ')}. Remove them, or use update`;
    problems.push({ name: 'operation', message });
  }
  if (operation === 'create' && span_id !== undefined) {
    const message = 'is given, but create is for a new span. Remove it, or use update';
    problems.push({ name: 'span_id', message });
  }
  const createsSpan = operation === 'create' || (operation === 'track' && span_id === undefined);
  for (const name of ['parent_id', 'trace_id'] as const) {
    if (createsSpan || operation === undefined || values[name] === undefined) continue;
    const message = 'says where a new span belongs, so it needs create, or track without span_id. Remove it';
    problems.push({ name, message });
  }
  return problems;
}

const POINTERS = ['score_pointer', 'metrics_pointer'] as const;

/** Inputs that do not go with `results_format`, whatever the file contains. */
export function formatProblems(read: Read<Partial<Inputs>>): Problem[] {
  const { values } = read;
  const { results_file, results_format: format } = values;
  const found: Problem[] = [];
  if (results_file && format === 'json' && !POINTERS.some((name) => isGiven(read, name))) {
    const message =
      'is required with results_format json, unless metrics_pointer is given. Set it to where the score is, such as /summary/accuracy';
    found.push({ name: 'score_pointer', message });
  }
  for (const name of POINTERS) {
    if (values[name] === undefined || format === undefined || format === 'json') continue;
    const message = 'works only with results_format json. Remove it, or set results_format: json';
    found.push({ name, message });
  }
  const needing = needingCases(values);
  if (needing.length > 0 && !mayBeTests(format)) {
    const message = `is ${format}, which has no test cases, but they are required by ${needing.join(', ')}. Use a test format such as junit`;
    found.push({ name: 'results_format', message });
  }
  return found;
}

/**
 * Inputs that need results, without a `results_file`, and a scale without a score. In a tracked job both may be known only at
 * the end.
 */
export function resultsProblems(read: Read<Partial<Inputs>>): Problem[] {
  const { values } = read;
  if (values.results_file !== undefined) return [];
  const asking = present([
    (values.results_format ?? 'auto') !== 'auto' && 'results_format',
    ...POINTERS.filter((name) => values[name] !== undefined),
    isBadEnd(values.results_outcome) && 'results_outcome',
    ...needingCases(values),
  ]);
  if (asking.length > 0) {
    const message = `is empty, but required by ${asking.join(', ')}. Name the file that the eval or test tool writes`;
    return [{ name: 'results_file', message }];
  }
  if (values.score_scale === undefined || isGiven(read, 'score') || values.operation === 'get') return [];
  return [{ name: 'score', message: 'is empty, but required by score_scale. Set score or results_file' }];
}

function needingCases({ results_metrics, case_spans = 'none' }: Partial<Inputs>): string[] {
  return present([results_metrics && 'results_metrics', case_spans !== 'none' && 'case_spans']);
}

/** What `clear` cannot empty: a new span, and a field that an input or a file also gives a value. */
export function clearProblems(inputs: Partial<Inputs>, fromFile: Fields): Problem[] {
  const given = { ...inputs, ...defined({ meta: inputs.meta ?? inputs.meta_file }) };
  const values = { ...fromFile, ...given };
  const { clear = [], operation } = values;
  const both = clear.filter((field) => values[field] !== undefined);
  const isNew = operation === 'create';
  if (clear.length === 0 || (!isNew && both.length === 0)) return [];
  const message = isNew
    ? 'is given, but a new span has nothing to clear. Remove it'
    : `empties fields that are also given: ${both.join(', ')}. Remove one of the two`;
  const isFromInputs =
    inputs.clear !== undefined && (isNew || both.some((field) => given[field] !== undefined));
  return [{ name: 'clear', message, isFromFile: !isFromInputs }];
}

/** A `min_score` that nearly every score reaches: a fraction such as 0.8, although the score is an integer on a larger scale. */
export function gateProblems(minScore: number | undefined, scale: number | undefined): Problem[] {
  if (minScore === undefined || (scale !== undefined && scale <= 1)) return [];
  const isWhole = minScore === 1 && scale !== undefined && scale >= PASS_RATE_SCALE;
  if (!isWhole && (minScore <= 0 || minScore >= 1)) return [];
  const meant = Number((minScore * (scale ?? PASS_RATE_SCALE)).toPrecision(15));
  const form = scale === undefined ? 'as an integer' : `on a scale of ${scale}`;
  const message = `${minScore} would let nearly every score pass, since the score is recorded ${form}. Write ${meant}`;
  return [{ name: 'min_score', message }];
}

/** A `max_drop` with nothing to compare with. */
export function baselineProblems(read: Read<Partial<Inputs>>): Problem[] {
  if (read.values.max_drop === undefined || isGiven(read, 'baseline')) return [];
  const message =
    'needs baseline, the branch to compare with. Set baseline, for example to ${{ github.base_ref || github.ref_name }}';
  return [{ name: 'max_drop', message }];
}

/** Inputs that were given at the start of a tracked job and are empty at its end. */
export function lostProblems(lost: readonly string[]): Problem[] {
  const message =
    'was given at the start of the job and is empty at its end. Some runners lose the inputs of a composite action inside a composite action: use this action in the outer one or in the workflow';
  return lost.map((name) => ({ name, message }));
}

/** The scale of a score from results, if it is known from the inputs. */
export function resultsScale(inputs: Partial<Inputs>): number | undefined {
  const { score_scale, results_file, results_format } = inputs;
  return score_scale ?? (results_file && mayBeTests(results_format) ? PASS_RATE_SCALE : undefined);
}

/** Whether files in this format may have test cases. True for `auto`, and if the format is not known. */
function mayBeTests(format: Inputs['results_format'] | undefined): boolean {
  return format !== 'json' && format !== 'fields';
}
