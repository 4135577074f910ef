import type * as actionsCore from '@actions/core';
import { createClient, urlOf } from './api/client.ts';
import {
  changesBetween,
  differenceOf,
  durationMsOf,
  needsStored,
  patchFor,
  type Recording,
  type Span,
  type SpanPatch,
  unstoredFields,
} from './api/span.ts';
import { ApiError, headlineOf, InputError } from './errors.ts';
import type { Files } from './files.ts';
import { type RawInputs, rawInputsOf, spanIdOf } from './inputs/inputs.ts';
import { type GitHubContext, linksOf } from './job.ts';
import { type Plan, readPlan } from './plan.ts';
import { inert } from './report/inert.ts';
import {
  apiErrorLine,
  type Finding,
  gateText,
  logOf,
  OUTPUTS,
  outputsOf,
  passes,
  problemLines,
  type Report,
  textOf,
} from './report/report.ts';
import { summaryOf } from './report/summary.ts';
import { redactorOf } from './secret.ts';

/** All that the step touches, as plain data and functions. */
export interface Host {
  readonly core: Pick<
    typeof actionsCore,
    'error' | 'getInput' | 'info' | 'notice' | 'setOutput' | 'setSecret' | 'warning'
  >;
  readonly context: GitHubContext;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
  /** Makes `fetch` follow the proxies of the environment; resolves to warnings. */
  readonly useProxy: () => Promise<readonly string[]>;
  readonly files: Files;
  /** Adds Markdown to the job summary; throws where the runner takes none. */
  readonly appendSummary: (markdown: string) => void;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  readonly version: string;
}

const SKIPPED =
  'GitHub withholds secrets from pull requests of forks and of Dependabot, so there is no API key and nothing was recorded';

// Both sides of a comparison have to show in one line.
const MAX_COMPARED = 500;

const UNREAD = 'The job has failed, so the rest is recorded without it';

type Redact = ReturnType<typeof redactorOf>;

/** The report while the step goes on: whatever is thrown on the way, what was known until then is told. */
type Draft = { -readonly [Name in keyof Report]: Report[Name] } & { readonly findings: Finding[] };

/**
 * The whole step: mask, parse, read files, `GET` the span, `PATCH` it, check the answer; then outputs, log, summary, gate
 * and annotations. Resolves to the exit code, which is 0 only where nothing failed.
 */
export async function run(host: Host): Promise<0 | 1> {
  const startedAt = host.now();
  const getInput = (name: string) => host.core.getInput(name, { trimWhitespace: false });
  mask(host, [getInput('api_key'), host.env.OPPER_API_KEY ?? '']);
  const raw = rawInputsOf(getInput, host.env.OPPER_API_KEY);
  const redact = redactorOf(raw.api_key);

  const report = emptyReport(raw);
  let plan: Plan | undefined;
  try {
    plan = await readPlan({ raw, context: host.context, files: host.files, now: new Date(startedAt) });
    report.tests = plan.tests;
    report.links = linksOf(host.context, plan.job);
    for (const line of problemLines(plan.unread)) warn(report, `${line}. ${UNREAD}`);
    if (plan.inputs.dryRun || plan.apiKey === '') rehearse(plan, report);
    else await carryOut(host, plan, report, redact);
  } catch (error) {
    report.outcome = 'failed';
    report.findings.push(findingOf(error, plan, redact));
  }
  if (plan) openGate(plan, report);
  report.elapsedMs = host.now() - startedAt;
  return publish(host, withoutKey(report, redact), raw.summary.trim().toLowerCase() !== 'false');
}

/** The report without the key in what may be foreign; what is the step's own, such as the outcome, stays. */
function withoutKey(report: Report, redact: Redact): Report {
  const { outcome, changed } = report;
  const findings = report.findings.map((finding) => ({ ...finding, lines: redact(finding.lines) }));
  return { ...redact(report), outcome, changed, findings };
}

/** Before anything else is done with them, and before anything is said. A secret of several lines is masked line by line. */
function mask({ core }: Host, secrets: readonly string[]): void {
  const lines = secrets.flatMap((secret) => secret.split(/[\r\n]+/)).map((line) => line.trim());
  for (const line of new Set(lines)) if (line !== '') core.setSecret(line);
}

function emptyReport(raw: RawInputs): Draft {
  return {
    outcome: 'failed',
    spanId: spanIdOf(raw),
    span: {},
    before: undefined,
    patch: undefined,
    changed: undefined,
    requests: 0,
    status: undefined,
    elapsedMs: 0,
    findings: [],
    gate: undefined,
    tests: undefined,
    links: {},
    dryRun: undefined,
  };
}

/** Notes on the report what would have been recorded, where nothing is sent. */
function rehearse({ inputs, spanId, recording }: Plan, report: Draft): void {
  const patch = inputs.operation === 'update' ? patchFor(recording) : undefined;
  report.patch = patch;
  report.span = { ...(spanId && { id: spanId }), ...withoutNulls(patch ?? {}) };
  if (inputs.dryRun) {
    report.outcome = 'dry-run';
    report.dryRun = `${patch ? 'PATCH' : 'GET'} ${urlOf(inputs.baseUrl, spanId)}`;
  } else {
    report.outcome = 'skipped';
    report.findings.push({ level: 'notice', title: 'Opper span: skipped', lines: [SKIPPED] });
  }
}

/** Makes the requests of the plan and notes on the report what came of each, so that a failure loses nothing. */
async function carryOut(host: Host, plan: Plan, report: Draft, redact: Redact): Promise<void> {
  const { inputs, spanId, apiKey, recording } = plan;
  // A loopback address is behind no proxy, and through one the key would travel in the clear.
  if (inputs.baseUrl.startsWith('https:')) {
    for (const warning of await host.useProxy()) warn(report, warning);
  }
  const client = createClient({
    baseUrl: inputs.baseUrl,
    apiKey,
    userAgent: `opper-span-action/${host.version}`,
    timeoutMs: inputs.timeoutMs,
    retries: inputs.retries,
    fetch: host.fetch,
    wait: host.wait,
    random: host.random,
    now: host.now,
    onRetry: (notice) => host.core.info(inert(redact(notice))),
  });
  try {
    if (inputs.operation === 'get') {
      report.span = await client.getSpan(spanId);
      report.outcome = 'read';
      return;
    }
    // Before it is sent, so that a failure can say what was not recorded.
    report.patch = patchFor(recording);
    if (needsStored(recording)) {
      report.before = await client.getSpan(spanId);
      report.patch = patchFor(recording, report.before);
    }
    const span = await client.updateSpan(spanId, report.patch);
    // Feedback comes with GET only.
    const feedback = span.feedback ?? report.before?.feedback;
    report.span = { ...span, ...(feedback && { feedback }) };
    report.changed = report.before && changesBetween(report.before, span);
    report.outcome = 'updated';
    checkAnswer(report.patch, span, recording, report);
  } finally {
    report.requests = client.traffic.requests;
    report.status = client.traffic.status;
  }
}

/** Warns where the API answered success, but the span is not what was asked for. */
function checkAnswer(patch: SpanPatch, span: Span, recording: Recording, report: Draft): void {
  for (const field of unstoredFields(patch, span, needsStored(recording))) {
    const [sent, stored] =
      field === 'meta' && patch.meta && span.meta
        ? differenceOf(patch.meta, span.meta)
        : [patch[field], span[field]];
    const has = inert(textOf(stored), MAX_COMPARED) || 'nothing';
    warn(
      report,
      sent === null
        ? `${field} was not cleared: the span still has ${has}`
        : `${field} was not stored as sent: sent ${inert(textOf(sent), MAX_COMPARED)}, the span has ${has}`,
    );
  }
  if ((durationMsOf(span) ?? 0) < 0) {
    warn(report, `end_time ${span.end_time} is before start_time ${span.start_time}`);
  }
}

/** Compares the score on the span or, where nothing was written, the one that would have been. */
function openGate({ inputs: { minScore, scoreScale }, recording, tests }: Plan, report: Draft): void {
  if (minScore === undefined) return;
  if (minScore > 0 && minScore < 1 && (scoreScale || tests)) {
    warn(report, `min_score ${minScore} is compared with the recorded score, which is scaled: 80, not 0.8`);
  }
  const planned = { ...report.before, ...patchFor(recording) }.score;
  const score = report.outcome === 'updated' || report.outcome === 'read' ? report.span.score : planned;
  report.gate = {
    minScore,
    score: score === undefined || score === null ? undefined : Number(textOf(score)),
  };
  if (passes(report.gate)) return;
  report.findings.push({ level: 'error', title: 'Opper span: gate', lines: [gateText(report.gate)] });
}

function warn(report: Draft, line: string): void {
  report.findings.push({ level: 'warning', title: 'Opper span', lines: [line] });
}

function findingOf(error: unknown, plan: Plan | undefined, redact: Redact): Finding {
  if (error instanceof InputError) {
    return {
      level: 'error',
      title: 'Opper span: bad input, nothing was sent',
      lines: problemLines(redact(error.problems)),
    };
  }
  if (error instanceof ApiError) {
    const level = plan?.inputs.failOnApiError === false ? 'warning' : 'error';
    return { level, title: 'Opper span: API failure', lines: [apiErrorLine(error)] };
  }
  const lines = [`This is a defect of the action, please report it: ${headlineOf(error)}`];
  return { level: 'error', title: 'Opper span: internal error', lines };
}

/** Tells everything, each part whatever became of the one before. The report is free of the key. */
function publish({ core, appendSummary }: Host, report: Report, wantsSummary: boolean): 0 | 1 {
  const findings = [...report.findings];
  const { outputs, dropped } = outputsOf(report);
  if (dropped.length > 0) {
    const line = `The outputs pass GitHub's limit of 1 MiB together; left empty: ${dropped.join(', ')}`;
    findings.push({ level: 'warning', title: 'Opper span', lines: [line] });
  }
  try {
    for (const name of OUTPUTS) core.setOutput(name, outputs[name]);
  } catch (error) {
    const line = `The outputs could not be written, later steps do not get them: ${headlineOf(error)}`;
    findings.push({ level: 'error', title: 'Opper span: outputs', lines: [line] });
  }
  for (const line of logOf(report)) core.info(line);
  if (wantsSummary) {
    try {
      appendSummary(summaryOf({ ...report, findings }));
    } catch (error) {
      const line = `The job summary could not be written: ${headlineOf(error)}`;
      findings.push({ level: 'warning', title: 'Opper span: summary', lines: [line] });
    }
  }
  for (const { level, title, lines } of findings)
    core[level](lines.map((line) => inert(line)).join('\n'), { title });
  return findings.some(({ level }) => level === 'error') ? 1 : 0;
}

function withoutNulls(patch: SpanPatch): Partial<Span> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
}
