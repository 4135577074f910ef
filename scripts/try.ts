import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { status } from '../test/harness/faults.ts';
import { runStep, type StepOptions, type StepResult } from '../test/harness/runner.ts';
import { type FaultRule, type Span, startSpanServer } from '../test/harness/span-server.ts';

/** A step worth seeing: the span it meets, its inputs, and the job around it. */
interface Scenario {
  readonly shows: string;
  readonly span?: Partial<Span>;
  readonly with?: Readonly<Record<string, string>>;
  readonly context?: NonNullable<StepOptions['context']>;
  readonly event?: object;
  readonly withoutKey?: boolean;
  readonly faults?: readonly FaultRule[];
}

const DEFAULT_SCENARIO: Scenario = {
  shows: 'a score, an error, meta and the end time are recorded',
  with: {
    score: '87',
    error: '13 of 100 answers differ from the reference',
    meta: '{"dataset": "support-v3", "model": "small-2"}',
    end_time: 'now',
  },
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  default: DEFAULT_SCENARIO,
  'failed-job': {
    shows: 'a job failed before the step, which was told nothing but the span',
    context: { job: { status: 'failure' }, matrix: { model: 'small-2', dataset: 'support-v3' } },
  },
  gate: {
    shows: 'a score below min_score fails the step, after the span was written',
    with: { score: '0.62', score_scale: '100', min_score: '80', end_time: 'now' },
  },
  'dry-run': {
    shows: 'the request is shown and not sent; no key is needed',
    with: { score: '87', meta: '{"dataset": "support-v3"}', dry_run: 'true' },
    withoutKey: true,
  },
  fork: {
    shows: 'a pull request from a fork, where GitHub withholds the key, is skipped',
    with: { score: '87' },
    withoutKey: true,
    context: {
      github: {
        event_name: 'pull_request',
        ref: 'refs/pull/7/merge',
        head_ref: 'fix-greeting',
        base_ref: 'main',
        actor: 'visitor',
      },
    },
    event: {
      action: 'opened',
      number: 7,
      pull_request: {
        number: 7,
        title: 'Fix the greeting',
        user: { login: 'visitor' },
        head: {
          ref: 'fix-greeting',
          sha: 'b1946ac92492d2347c6235b4d2611184a1b2c3d4',
          repo: { full_name: 'visitor/support-bot', fork: true },
        },
        base: {
          ref: 'main',
          sha: '5c1b1d3a0a8b0c2c7d4e6f8091a2b3c4d5e6f708',
          repo: { full_name: 'acme/support-bot', fork: false },
        },
      },
      repository: { name: 'support-bot', full_name: 'acme/support-bot', owner: { login: 'acme' } },
    },
  },
  get: {
    shows: 'the span is only read, human feedback included',
    with: { operation: 'get' },
    span: { score: 87, feedback: { score: 1, comment: 'Friendly and right' } },
  },
  'api-down': {
    shows: 'the API answers 503 to everything; the step tries again, then says so',
    with: { score: '87', retries: '2' },
    faults: [{ times: Number.POSITIVE_INFINITY, fault: status(503) }],
  },
};

const ROOT = new URL('../', import.meta.url);
const SUMMARY_FILE = fileURLToPath(new URL('.try/summary.md', ROOT));
// Waits between retries included.
const TIMEOUT_MS = 120_000;
const USAGE = `Usage: npm run try -- [--scenario NAME] [--list] [--help] [input=value …]

Inputs are those of action.yml; paths among them start at the current directory. With OPPER_API_KEY set and
span_id=… the step talks to the real API.`;
/** The job around a step is made up here, and the real API is to hear nothing of it. */
const NO_JOB = { ci_meta: 'false', job_status: '' };

process.exitCode = await main();

/** The exit code: the step's own when it ran on the caller's inputs; 0 for a scenario, even one in which the step fails. */
async function main(): Promise<number> {
  const args = parseArguments();
  if (typeof args === 'string') return complain(`${args}\n\n${USAGE}`);
  if (args.help) {
    console.log(USAGE);
    return 0;
  }
  if (args.list) {
    for (const [name, { shows }] of Object.entries(SCENARIOS)) console.log(`${name.padEnd(12)}${shows}`);
    return 0;
  }
  if (!existsSync(new URL('dist/index.js', ROOT)))
    return complain('dist/index.js is missing. Make it with: npm run build');
  const own = Object.keys(args.inputs).length > 0;
  const scenario = args.scenario ?? (own ? { shows: 'your own inputs' } : DEFAULT_SCENARIO);

  const key = args.inputs.api_key ?? process.env.OPPER_API_KEY;
  const real = key !== undefined && args.inputs.span_id !== undefined;
  const result = real ? await tryRealApi(scenario, args.inputs) : await tryEmbedded(scenario, args.inputs);
  return own ? (result.exitCode ?? 1) : 0;
}

/** What the command line asks for, or what is wrong with it. */
function parseArguments():
  | string
  | { help: boolean; list: boolean; scenario: Scenario | undefined; inputs: Record<string, string> } {
  try {
    const { values, positionals } = parseArgs({
      options: {
        scenario: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const inputs: Record<string, string> = {};
    for (const positional of positionals) {
      // Of `npm run try --scenario gate`, npm keeps the flag to itself.
      if (Object.hasOwn(SCENARIOS, positional))
        return `Did you mean: npm run try -- --scenario ${positional}?`;
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(positional) ?? [];
      if (name === undefined || value === undefined) return `${positional}: expected input=value`;
      inputs[name] = value;
    }
    const name = values.scenario;
    if (name !== undefined && !Object.hasOwn(SCENARIOS, name)) {
      return `There is no scenario ${name}. There are: ${Object.keys(SCENARIOS).join(', ')}`;
    }
    return { ...values, scenario: name === undefined ? undefined : SCENARIOS[name], inputs };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function complain(problem: string): number {
  console.error(problem);
  return 2;
}

async function tryEmbedded(scenario: Scenario, own: Readonly<Record<string, string>>): Promise<StepResult> {
  if (own.span_id !== undefined) {
    console.log(
      'OPPER_API_KEY is not set: the step talks to the embedded server, which has no span of that id.',
    );
  }
  const server = await startSpanServer();
  try {
    server.faults.push(...(scenario.faults ?? []));
    const before = server.create({
      name: 'Answer support tickets',
      type: 'evaluation',
      start_time: new Date(Date.now() - 42_000).toISOString(),
      trace_id: '123e4567-e89b-12d3-a456-426614174000',
      input: '100 tickets',
      meta: { prompt_version: 12 },
      ...scenario.span,
    });
    const result = await runAndShow(scenario, {
      span_id: before.id,
      base_url: server.baseUrl,
      ...(scenario.withoutKey === true ? {} : { api_key: server.key }),
      ...scenario.with,
      ...own,
    });
    heading('The span before');
    console.log(JSON.stringify(before, null, 2));
    heading('The span as stored now');
    console.log(JSON.stringify(server.span(before.id), null, 2));
    heading(`Requests: ${server.requests.length}`);
    for (const { method, path, text } of server.requests) {
      console.log([method, path, text].filter(Boolean).join(' '));
    }
    conclude(result);
    return result;
  } finally {
    await server.close();
  }
}

async function tryRealApi(scenario: Scenario, own: Readonly<Record<string, string>>): Promise<StepResult> {
  const names = ['OPPER_API_KEY', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'];
  const env = Object.fromEntries(
    names.flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, process.env[name]]),
  );
  console.log(
    'The job around the step is made up and not recorded: ci_meta=false and job_status empty, unless you set them.',
  );
  const result = await runAndShow(scenario, { ...NO_JOB, ...scenario.with, ...own }, env);
  conclude(result);
  return result;
}

async function runAndShow(
  { shows, context, event }: Scenario,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<StepResult> {
  heading(`The step: ${shows}`);
  for (const [name, value] of Object.entries(inputs))
    console.log(`${name}: ${name === 'api_key' ? '***' : oneLine(value)}`);
  const result = await runStep({
    with: inputs,
    env,
    // Where the caller is: npm itself goes to the folder of package.json.
    cwd: process.env.INIT_CWD ?? process.cwd(),
    ...(context && { context }),
    ...(event && { event }),
    timeoutMs: TIMEOUT_MS,
  });

  heading('Its log');
  for (const line of result.log) console.log(line);
  heading(`Its annotations: ${result.annotations.length}`);
  for (const { level, title, message } of result.annotations) console.log(`${level}: ${title}\n${message}`);
  heading('Its outputs');
  for (const [name, value] of Object.entries(result.outputs)) console.log(`${name}=${oneLine(value)}`);
  heading(`Its job summary (${relative(process.cwd(), SUMMARY_FILE)})`);
  console.log(result.summary);
  await mkdir(new URL('.try/', ROOT), { recursive: true });
  await writeFile(SUMMARY_FILE, result.summary);
  return result;
}

function conclude({ exitCode, timedOut, durationMs }: StepResult): void {
  heading('The end');
  const how = timedOut ? `was stopped after ${TIMEOUT_MS / 1000} s` : `ended with exit code ${exitCode}`;
  console.log(`The step ${how}; it took ${Math.round(durationMs)} ms.`);
}

function heading(text: string): void {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 90 - text.length))}`);
}

/** Text on one line, control characters escaped, cut at 200 characters. */
function oneLine(text: string): string {
  const line = /\p{Cc}/u.test(text) ? JSON.stringify(text) : text;
  return line.length > 200 ? `${line.slice(0, 200)}… (${text.length} characters)` : line;
}
