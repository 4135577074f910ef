import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import manifest from '../package.json' with { type: 'json' };
import { isMisspelt } from '../src/inputs/spelling.ts';
import { status } from '../test/harness/faults.ts';
import {
  type ActionStep,
  type JobOptions,
  type JobResult,
  type RunStep,
  runJob,
  type StageResult,
} from '../test/harness/job.ts';
import { readAction } from '../test/harness/runner.ts';
import { type Span, type SpanServer, startSpanServer } from '../test/harness/span-server.ts';
import { pageOf } from './page.ts';
import { type OwnStep, SCENARIOS, type Scenario, STORED } from './try/scenarios.ts';

const ROOT = new URL('../', import.meta.url);
const FOLDER = fileURLToPath(new URL('.try/', ROOT));
const KEY = '${{ secrets.OPPER_API_KEY }}';
const STEP = 'span';
// Includes the waits between retries.
const TIMEOUT_MS = 120_000;
const USAGE = `Usage: npm run try -- [NAME] [input=value …] [--list] [--help]

Runs a job with the action against a span server on this machine, and shows the result. NAME is a scenario: --list names them.
Inputs are those of action.yml. Paths are relative to the current directory. With OPPER_API_KEY set and span_id=… or base_url=…
the step talks to the real API.`;
/** The job around the step is made up, so none of it is sent to the real API. */
const NO_JOB = { ci_meta: 'false', job_status: '' };

process.exitCode = await main();

/** The exit code: that of the job if the caller gave inputs, and 0 for a scenario, even one that fails. */
async function main(): Promise<number> {
  const args = parseArguments();
  if (typeof args === 'string') return complain(`${args}\n\n${USAGE}`);
  if (args.help) {
    console.log(USAGE);
    return 0;
  }
  if (args.list) {
    for (const [name, { shows }] of Object.entries(SCENARIOS)) console.log(`${name.padEnd(18)}${shows}`);
    return 0;
  }
  const { runs, inputs: known = {} } = await readAction();
  const unknown = Object.keys(args.inputs).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const meant = Object.keys(known).find((right) => isMisspelt(unknown.toLowerCase(), right));
    if (meant !== undefined) return complain(`${unknown} is not an input. Did you mean ${meant}?`);
    const alike = Object.keys(known).filter((name) => name.slice(0, 4) === unknown.slice(0, 4).toLowerCase());
    return complain(
      `${unknown} is not an input of action.yml. There are: ${(alike.length > 0 ? alike : Object.keys(known)).join(', ')}`,
    );
  }
  const missing = [runs.main, runs.post ?? runs.main].find((file) => !existsSync(new URL(file, ROOT)));
  if (missing !== undefined) return complain(`${missing} is missing. Run: npm run build`);

  const { inputs } = args;
  const hasInputs = Object.keys(inputs).length > 0;
  const createsSpan = ['create', 'track'].includes(inputs.operation ?? '');
  const own: Scenario = { shows: 'your own inputs', with: {}, ...(createsSpan ? {} : { span: STORED }) };
  const scenario = args.scenario ?? (hasInputs ? own : (SCENARIOS.track as Scenario));
  const key = inputs.api_key ?? process.env.OPPER_API_KEY;
  const isReal = Boolean(key) && (inputs.span_id !== undefined || inputs.base_url !== undefined);
  const job = isReal ? await tryRealApi(scenario, inputs, key) : await tryEmbedded(scenario, inputs);
  return hasInputs && job.status !== 'success' ? 1 : 0;
}

/** The parsed command line, or what is wrong with it. */
function parseArguments():
  | string
  | { help: boolean; list: boolean; scenario: Scenario | undefined; inputs: Record<string, string> } {
  // With `npm run try --list`, npm takes the flag and passes it on as a variable.
  const flags = process.env.npm_config_list === 'true' ? ['--list'] : [];
  const args = {
    help: false,
    list: false,
    scenario: undefined as Scenario | undefined,
    inputs: {} as Record<string, string>,
  };
  for (const arg of [...flags, ...process.argv.slice(2)]) {
    const [, input, value] = /^(\w[^=]*)=(.*)$/s.exec(arg) ?? [];
    if (input !== undefined && value !== undefined) args.inputs[input] = value;
    else if (arg === '--list' || arg === '--help') args[arg.slice(2) as 'list' | 'help'] = true;
    else if (Object.hasOwn(SCENARIOS, arg)) args.scenario = SCENARIOS[arg];
    else return `${arg}: expected input=value, or one of ${Object.keys(SCENARIOS).join(', ')}`;
  }
  return args;
}

function complain(problem: string): number {
  console.error(problem);
  return 2;
}

async function tryEmbedded(scenario: Scenario, own: Readonly<Record<string, string>>): Promise<JobResult> {
  if (own.span_id !== undefined) {
    console.log(
      'OPPER_API_KEY is not set: the step talks to the embedded server, which has no span with that id.',
    );
  }
  await using server = await startSpanServer();
  if (scenario.outage) server.faults.push({ times: Number.POSITIVE_INFINITY, fault: status(503) });
  const before =
    scenario.span &&
    server.create({
      name: 'Answer support tickets',
      start_time: new Date(Date.now() - 42_000).toISOString(),
      trace_id: '123e4567-e89b-12d3-a456-426614174000',
      ...scenario.span,
    });
  const inputsOf = (each: Scenario) => ({
    ...(before && { span_id: before.id }),
    base_url: server.baseUrl,
    ...(each.withoutKey ? {} : { api_key: KEY }),
    ...each.with,
    ...own,
  });
  const options = { secrets: { OPPER_API_KEY: server.key } };
  const { earlier } = scenario;
  if (earlier) await runAndShow(earlier, inputsOf(earlier), options, server);
  const job = await runAndShow(scenario, inputsOf(scenario), options, server);

  if (before) showSpan('The span before', before);
  const spans = server.spans();
  for (const span of spans) {
    showSpan(span.parent_id === null ? 'The span as stored now' : 'A span under it', span);
  }
  writeFileSync(join(FOLDER, 'spans.json'), `${JSON.stringify(spans, null, 2)}\n`);
  heading(`Requests: ${server.requests.length}`);
  for (const { method, path, text } of server.requests) {
    console.log([method, path, oneLine(text)].filter(Boolean).join(' '));
  }
  conclude(job);
  return job;
}

async function tryRealApi(
  scenario: Scenario,
  own: Readonly<Record<string, string>>,
  key = '',
): Promise<JobResult> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'];
  const env = Object.fromEntries(
    names
      .flatMap((name) => [name, name.toLowerCase()])
      .flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  console.log(
    'The job around the step is made up and not recorded: ci_meta=false and job_status empty, unless you set them.',
  );
  const inputs = { ...NO_JOB, ...scenario.with, ...own, api_key: KEY };
  const job = await runAndShow(scenario, inputs, { env, secrets: { OPPER_API_KEY: key } });
  conclude(job);
  return job;
}

async function runAndShow(
  scenario: Scenario,
  inputs: Readonly<Record<string, string>>,
  options: JobOptions,
  server?: SpanServer,
): Promise<JobResult> {
  const { shows, before = [], after = [], context, event } = scenario;
  const stop = new AbortController();
  const ownStep = ({ run, act }: OwnStep): RunStep => ({
    id: run,
    run({ workspace }) {
      if (server) act({ workspace, server, cancel: () => stop.abort() });
    },
  });
  const isLast = before.length > 0;
  const step: ActionStep = { id: STEP, ...(isLast && { if: 'always()' }), with: inputs };
  const shown = {
    ...(isLast && { if: 'always()' }),
    with: { ...inputs, ...('api_key' in inputs && { api_key: KEY }) },
  };
  heading(`The job: ${shows}`);
  console.log(
    stringify(
      [
        ...before.map(({ run }) => ({ run })),
        { uses: `${manifest.repository.replace('github:', '')}@v1`, ...shown },
        ...after.map(({ run }) => ({ run })),
      ],
      { lineWidth: 0 },
    ).trimEnd(),
  );

  const hasSteps = before.length + after.length > 0;
  const job = await runJob([...before.map(ownStep), step, ...after.map(ownStep)], {
    ...options,
    // npm changes to the folder of package.json, but the caller's paths are relative to INIT_CWD.
    ...(hasSteps ? {} : { cwd: process.env.INIT_CWD ?? process.cwd() }),
    ...(context && { context }),
    ...(event && { event }),
    cancel: stop.signal,
    timeoutMs: TIMEOUT_MS,
  });

  for (const stage of job.stages) showStage(stage);
  const summary = job.stages.map(({ result }) => result?.summary ?? '').join('');
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'summary.md'), summary);
  writeFileSync(join(FOLDER, 'summary.html'), pageOf(summary));
  return job;
}

function showStage({ step, stage, outcome, result, error }: StageResult): void {
  if (result === undefined) {
    heading(`run: ${step} → ${outcome}`);
    if (error !== undefined) console.log(error instanceof Error ? error.message : String(error));
    return;
  }
  const { log, annotations, outputs, stderr, timedOut } = result;
  // Only track has something to do, and to show, at the end of the job.
  if (stage === 'post' && outcome === 'success' && log.length + annotations.length === 0) return;
  heading(`The action, ${stage === 'main' ? 'when its step runs' : 'at the end of the job'} → ${outcome}`);
  for (const line of log) console.log(line);
  for (const { level, title, message } of annotations) console.log(`${level}: ${title}\n${message}`);
  if (timedOut) console.log(`stopped after ${TIMEOUT_MS / 1000} s`);
  if (log.length + annotations.length === 0) console.log(stderr);
  const known = Object.entries(outputs).filter(([, value]) => value !== '');
  if (stage === 'main' && known.length > 0) {
    console.log(`\nIts outputs (${Object.keys(outputs).length - known.length} more are empty):`);
    for (const [name, value] of known) console.log(`  ${name}=${oneLine(value, 100)}`);
  }
}

/** Prints a span without empty fields, its CI facts folded into one line. */
function showSpan(title: string, span: Span): void {
  heading(title);
  const meta = Object.entries(span.meta ?? {});
  const own = meta.filter(([key]) => !/^(cicd|vcs|github)\./.test(key));
  const folded = meta.length - own.length;
  const facts = folded === 0 ? [] : [['cicd.*, vcs.*, github.*', `${folded} facts about the job`]];
  const shown = { ...span, meta: span.meta && Object.fromEntries([...own, ...facts]) };
  const known = Object.entries(shown).filter(([, value]) => value !== null);
  console.log(JSON.stringify(Object.fromEntries(known), null, 2));
}

function conclude({ status, stages }: JobResult): void {
  const [start = 0, end] = stages.flatMap(({ step, result }) =>
    step === STEP && result ? [Math.round(result.durationMs)] : [],
  );
  heading('The end');
  console.log(
    `Status of the job: ${status}. The action took ${start} ms, and ${end ?? 0} ms at the end of the job.`,
  );
  const page = fileURLToPath(new URL('.try/summary.html', ROOT));
  console.log(
    `The job summary, as on GitHub: open ${relative(process.env.INIT_CWD ?? '.', page)} (its Markdown is beside it)`,
  );
  console.log(
    `More to try: npm run try -- --list names ${Object.keys(SCENARIOS).length} scenarios, and inputs of yours work too.`,
  );
}

function heading(text: string): void {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 90 - text.length))}`);
}

/** Text on one line, control characters escaped, cut. */
function oneLine(text: string, length = 200): string {
  const line = /\p{Cc}/u.test(text) ? JSON.stringify(text) : text;
  return line.length > length ? `${line.slice(0, length)}… (${text.length} characters)` : line;
}
