import { createTransport } from '../../src/api/transport.ts';
import type { Host } from '../../src/host/host.ts';
import { parseTracked } from '../../src/plan/track.ts';
import { run } from '../../src/run.ts';
import { type Contents, memoryFiles } from '../results/memory-files.ts';
import { PUSH } from './push.ts';
import type { FaultRule, SpanServer } from './span-server.ts';

/** What `now` is in these tests. */
export const NOW = new Date('2026-11-20T12:00:00.000Z');
export const FOREVER = Number.POSITIVE_INFINITY;

export interface StepOptions {
  readonly env?: Host['env'];
  readonly context?: Partial<Host['context']>;
  readonly eventProblem?: string;
  /** Text or bytes by path. */
  readonly files?: Contents;
  readonly faults?: readonly FaultRule[];
  /** The ids of the spans that the step creates, one after the other. */
  readonly ids?: readonly string[];
  /** The state that the start of a tracked job saved. If given, this is the end of the job. */
  readonly state?: string | undefined;
  readonly now?: Date;
  /** A function of the host that throws. */
  readonly broken?: 'setOutput' | 'appendSummary' | 'writeTemp' | 'connect' | 'saveState';
  /** Parts of the host that are not those of this file. */
  readonly host?: Partial<Host>;
}

/** Runs a stage of the step against the span server, on a host of plain data that records every call in order. */
export async function runStage(
  server: SpanServer,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
) {
  const { env = {}, context, files = {}, faults = [], ids = [], state, now = NOW, broken } = options;
  server.requests.length = 0;
  server.faults.splice(0, Number.POSITIVE_INFINITY, ...faults);
  const given: Readonly<Record<string, string>> = {
    api_key: server.key,
    base_url: server.baseUrl,
    ...inputs,
  };
  const calls: (readonly [what: string, ...args: readonly unknown[]])[] = [];
  const keep =
    (what: string) =>
    (...args: readonly unknown[]): void => {
      if (what === broken) throw new TypeError(`${what} is broken`);
      calls.push([what, ...args]);
    };
  const newIds = [...ids];
  const exitCode = await run(
    {
      core: {
        getInput: (name, options) =>
          options?.trimWhitespace === false ? (given[name] ?? '') : (given[name] ?? '').trim(),
        setSecret: keep('setSecret'),
        setOutput: keep('setOutput'),
        exportVariable: keep('exportVariable'),
        saveState: keep('saveState'),
        info: keep('info'),
        notice: keep('notice'),
        warning: keep('warning'),
        error: keep('error'),
      },
      context: { ...PUSH, ...context },
      env,
      eventProblem: options.eventProblem,
      files: { ...memoryFiles(files), find: async (pattern) => (pattern in files ? [pattern] : []) },
      jobBeganMs: undefined,
      appendSummary: keep('appendSummary'),
      writeTemp(name, text) {
        keep('writeTemp')(name, text);
        return `/runner/${name}`;
      },
      connect(options) {
        if (broken === 'connect') throw new TypeError('connect is broken');
        return createTransport({ ...options, env });
      },
      now: () => now.getTime(),
      wait: async () => {},
      random: () => 0.5,
      newId: () => newIds.shift() ?? crypto.randomUUID(),
      version: '1.2.3',
      docs: 'https://docs.example/troubleshooting',
      ...options.host,
    },
    state ? parseTracked(state) : undefined,
  );
  const argsOf = (what: string) => calls.filter(([name]) => name === what).map(([, ...args]) => args);
  const annotationsOf = (level: string) =>
    argsOf(level).map(([message, properties]) => {
      return { level, title: (properties as { title: string }).title, message: String(message) };
    });
  return {
    exitCode,
    calls,
    outputs: Object.fromEntries(argsOf('setOutput')) as Record<string, string>,
    exported: Object.fromEntries(argsOf('exportVariable')) as Record<string, string>,
    state: argsOf('saveState').at(-1)?.[1] as string | undefined,
    annotations: ['error', 'warning', 'notice'].flatMap(annotationsOf),
    log: argsOf('info').map(([line]) => String(line)),
    /** What a dry run did not send. */
    unsent: argsOf('info').flatMap(([line]) => {
      const [, request] = /^Not sent: ?(.*)$/.exec(String(line)) ?? [];
      return request?.replace(`${server.baseUrl}/spans`, '') ?? [];
    }),
    summaries: argsOf('appendSummary').map(([markdown]) => String(markdown)),
    sent: server.requests.map(({ method, path, body }) => {
      const request = `${method} ${path.replace('/v2/spans', '').replace(/^$/, '/')}`;
      return body === undefined ? [request] : [request, body];
    }),
  };
}

/** The context of a pull request from a fork, which gets no secrets. */
export const FORK: Partial<Host['context']> = {
  eventName: 'pull_request',
  payload: {
    pull_request: {
      number: 7,
      head: { ref: 'main', sha: 'b194', repo: { full_name: 'visitor/support-bot' } },
      base: { ref: 'main', sha: '6dcb', repo: { full_name: 'acme/support-bot' } },
    },
  },
};
