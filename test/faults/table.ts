import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as faults from '../harness/faults.ts';
import { runStep } from '../harness/runner.ts';
import { type Fault, startSpanServer } from '../harness/span-server.ts';

/** Something that goes wrong between the step and the API, and what becomes of it. */
export interface FaultRow {
  readonly name: string;
  /** What happens to a request, or where its connection ends up instead. */
  readonly fault: Fault | { readonly divert: 'closed port' | 'unknown name' | 'full port' };
  /** How an attempt is told. */
  readonly what: string;
  /** The server's words and the advice, at the end of the error. */
  readonly advice: string;
  /** Absent: the step tries again. */
  readonly final?: true;
  /** Each attempt lasts until its time limit. */
  readonly stalls?: true;
  /** A PATCH is stored although its answer is of no use. */
  readonly acts?: true;
  /** The error does not say how often it was tried. */
  readonly uncounted?: true;
  /** The wait before the second attempt, where it is not the usual one. */
  readonly wait?: string;
}

export type Method = 'GET' | 'PATCH';
export type Times = 'once' | 'for ever';

/** What came of a row. */
export interface Observed {
  /** Whether the update is on the span: all of it, or nothing. */
  readonly stored: 'yes' | 'no' | 'in part';
  /** Requests as the step counts them. */
  readonly requests: number;
  /** Requests that reached the API. */
  readonly arrived: number;
  readonly exitCode: number | null;
  readonly outcome: string | undefined;
  /** The error of the step or, where there is none, what it said of its attempts. The span's address is left out. */
  readonly words: string;
  readonly durationMs: number;
}

/** Runs in the step's process before the step. */
const CHILD = new URL('./child.mjs', import.meta.url);
const RETRIES = 1;
const STALL_TIMEOUT_MS = 1000;
const WINDOWS = process.platform === 'win32';
// Windows tries for some two seconds before it says that a connection is refused.
const REFUSAL_MS = WINDOWS ? 2500 : 0;

const STALLED = {
  what: 'got no complete answer within 1 s',
  advice: '. Raise timeout_seconds, or check the network of the runner.',
  stalls: true,
} as const;
const NETWORK =
  '. Check base_url (scheme, host, port) and the network of the runner; behind a proxy, HTTPS_PROXY in the env of the step too.';
const TOO_LARGE = {
  what: 'failed: the answer is larger than 32 MiB, which no span is',
  advice: '. Check that base_url is the address of the Opper API.',
  final: true,
} as const;
const LATER =
  '. The API is in trouble. Run the job again later; with fail_on_api_error false a job stays green all the same.';
const LIMIT = '. Too many requests. Raise retries, or run fewer of these steps at once.';
const MIB = 1024 * 1024;

/** An answer that is no span, although its status says that all is well. */
function unusable(name: string, fault: Fault, what: string, acts = false): FaultRow {
  const advice = '. Check that base_url is the address of the Opper API, with its /v2.';
  return { name, fault, what, advice, final: true, uncounted: true, ...(acts && { acts }) };
}

/** A status that is tried again. */
function troubled(code: number, text: string, advice: string, said = text): FaultRow {
  const what = `was answered with ${code} ${text}`;
  return {
    name: `${code}`,
    fault: faults.status(code),
    what,
    advice: said === text ? advice : `: ${said}${advice}`,
  };
}

/** A status that is not. */
function refused(code: number, text: string, advice: string, said = text): FaultRow {
  return { ...troubled(code, text, advice, said), final: true };
}

function limited(retryAfter: string, wait: string): FaultRow {
  return {
    ...troubled(429, 'Too Many Requests', LIMIT),
    name: `429, Retry-After: ${retryAfter}`,
    fault: faults.status(429, { retryAfter }),
    wait,
  };
}

function resets(at: faults.Point): FaultRow {
  return {
    name: `reset ${at}`,
    fault: faults.reset(at),
    what: 'failed: read ECONNRESET',
    advice: NETWORK,
    ...(at !== 'before headers' && { acts: true }),
  };
}

function stalls(at: faults.Point): FaultRow {
  return {
    name: `stall ${at}`,
    fault: faults.stall(at),
    ...STALLED,
    ...(at !== 'before headers' && { acts: true }),
  };
}

/** Those that last are spread out, so that the others run beside them. */
export const FAULTS: readonly FaultRow[] = [
  {
    name: 'connection refused',
    fault: { divert: 'closed port' },
    what: 'failed: connect ECONNREFUSED HOST',
    advice: NETWORK,
  },
  {
    name: 'name not found',
    fault: { divert: 'unknown name' },
    what: 'failed: getaddrinfo ENOTFOUND no..name',
    advice: NETWORK,
  },
  // Windows refuses what its queue has no room for.
  ...(WINDOWS ? [] : [{ name: 'stall at connect', fault: { divert: 'full port' }, ...STALLED } as const]),
  resets('before headers'),
  resets('in headers'),
  resets('after headers'),
  resets('in body'),
  stalls('before headers'),
  refused(400, 'Bad Request', '.', 'Bad request'),
  refused(
    401,
    'Unauthorized',
    '. The API does not know this key. Check the secret behind api_key or OPPER_API_KEY.',
    'The API key is invalid',
  ),
  refused(403, 'Forbidden', '. The key is known but may not do this. Check its rights and its project.'),
  refused(
    404,
    'Not Found',
    '. Check span_id, that the key belongs to the project of the span, and base_url. A span made a moment ago can take a little until it is there.',
    'Span ID not found',
  ),
  stalls('in headers'),
  troubled(408, 'Request Timeout', '.'),
  refused(409, 'Conflict', '.'),
  refused(413, 'Payload Too Large', '. Record less: shorten output, input, error or meta.'),
  refused(
    422,
    'Unprocessable Entity',
    '. Correct what it names.',
    'body.score: Input should be a valid integer',
  ),
  troubled(425, 'Too Early', '.'),
  stalls('after headers'),
  troubled(429, 'Too Many Requests', LIMIT),
  limited('1', '1 s'),
  limited('Wed, 21 Oct 2015 07:28:00 GMT', '0 s'),
  limited('soon', '0.01 s'),
  {
    ...refused(
      429,
      'Too Many Requests',
      '. It asks to wait 3600 s (Retry-After), longer than the 60 s this step waits at most. Run the job again then.',
    ),
    name: '429, Retry-After: 3600',
    fault: faults.status(429, { retryAfter: '3600' }),
  },
  stalls('in body'),
  troubled(500, 'Internal Server Error', LATER),
  troubled(502, 'Bad Gateway', LATER),
  troubled(503, 'Service Unavailable', LATER),
  troubled(504, 'Gateway Timeout', LATER),
  unusable('HTML with 200', faults.html(), 'was answered with 200 OK, but with an HTML page: Sign in'),
  { name: 'a byte a second', fault: faults.trickle(1000), ...STALLED, acts: true },
  unusable(
    'truncated JSON',
    faults.applied(faults.answer({ status: 200, body: '{"id": "3c90' })),
    'was answered with 200 OK, but what came is not JSON: line 1, column 8: found a string that is not closed: {"id": "3c90',
    true,
  ),
  unusable(
    'the id of another span',
    faults.span({ id: '00000000-0000-4000-8000-000000000000' }),
    'was answered with 200 OK, but with another span than the one asked for: 00000000-0000-4000-8000-000000000000',
    true,
  ),
  unusable(
    'wrong types',
    faults.span({ name: null, score: 'nine' }),
    'was answered with 200 OK, but with an object that is not a span: name: expected text; score: expected a number',
    true,
  ),
  unusable(
    'empty 200',
    faults.empty(),
    'was answered with 200 OK, but with nothing where a span was expected',
  ),
  unusable(
    '204',
    faults.empty(204),
    'was answered with 204 No Content, but with nothing where a span was expected',
  ),
  unusable(
    'redirect to the same origin',
    faults.redirect('/v2/elsewhere'),
    'was answered with 307 Temporary Redirect to HOST, but redirects are not followed, so that the key stays with base_url',
  ),
  unusable(
    'redirect to another origin',
    faults.redirect('https://elsewhere.example/v2'),
    'was answered with 307 Temporary Redirect to elsewhere.example, but redirects are not followed, so that the key stays with base_url',
  ),
  { name: '100 MiB', fault: faults.huge(100 * MIB), ...TOO_LARGE },
  { name: 'gzip bomb, 1 GiB in 1 MiB', fault: faults.gzipBomb(1024 * MIB), ...TOO_LARGE },
  {
    ...resets('before headers'),
    name: 'applied, answer lost',
    fault: faults.applied(faults.reset('before headers')),
    acts: true,
  },
];

export const METHODS: readonly Method[] = ['GET', 'PATCH'];
export const TIMES: readonly Times[] = ['once', 'for ever'];

/** What SPEC.md promises for a fault: a step that tries again gets over it once, and gives up after its retries. */
export function expectedOf(row: FaultRow, method: Method, times: Times): Omit<Observed, 'durationMs'> {
  const recovers = times === 'once' && !row.final;
  const failed = row.final || times === 'once' ? 1 : 1 + RETRIES;
  const before = method === 'PATCH' ? 1 : 0;
  const after = recovers ? (method === 'GET' ? 2 : 1) : 0;
  const requests = before + failed + after;
  const tried = row.uncounted ? '' : failed === 1 ? ' (tried once)' : ` (tried ${failed} times)`;
  return {
    stored: recovers || (method === 'PATCH' && row.acts) ? 'yes' : 'no',
    requests,
    arrived: 'divert' in row.fault ? requests - failed : requests,
    exitCode: recovers ? 0 : 1,
    outcome: recovers ? 'updated' : 'failed',
    words: recovers
      ? `${method} ${row.what}; attempt 2 of ${1 + RETRIES} in ${row.wait ?? '0.01 s'}`
      : `${method} URL ${row.what}${tried}${row.advice}`,
  };
}

/** The longest a row may last: its attempts until their time limit, and what a process needs on a busy machine. */
export function boundOf(row: FaultRow, times: Times): number {
  const attempt = row.stalls ? STALL_TIMEOUT_MS : 'divert' in row.fault ? REFUSAL_MS : 0;
  return 6000 + attempt * (times === 'once' ? 1 : 1 + RETRIES);
}

export interface FaultBench extends AsyncDisposable {
  /** Runs the step from `dist` against a fault and looks at everything that came of it. */
  observe(row: FaultRow, method: Method, times: Times): Promise<Observed>;
}

export async function startFaultBench(): Promise<FaultBench> {
  const fullPort = WINDOWS ? undefined : await startFullPort();
  const targets = {
    'closed port': `127.0.0.1:${await closedPort()}`,
    // No name can have two dots in a row, so nobody is asked for it.
    'unknown name': 'no..name:80',
    'full port': `127.0.0.1:${fullPort?.port}`,
  };

  async function observe({ fault, stalls }: FaultRow, method: Method, times: Times): Promise<Observed> {
    await using server = await startSpanServer();
    const before = server.create({ name: 'Answer a ticket', meta: { prompt_version: 12 } });
    const query = new URLSearchParams();
    if ('divert' in fault) {
      // Each request has a connection of its own, so that those of a method can be told apart.
      server.faults.push({ times: Number.POSITIVE_INFINITY, fault: closing });
      const from = method === 'GET' ? 1 : 2;
      query.set('divert', targets[fault.divert]);
      query.set('from', String(from));
      if (times === 'once') query.set('to', String(from));
    } else {
      server.faults.push({ on: method, times: times === 'once' ? 1 : Number.POSITIVE_INFINITY, fault });
    }
    const { exitCode, outputs, annotations, log, durationMs } = await runStep({
      nodeArgs: ['--import', `${CHILD}?${query}`],
      with: {
        api_key: server.key,
        base_url: server.baseUrl,
        span_id: before.id,
        score: '9',
        meta: '{"dataset": "support-v3"}',
        retries: String(RETRIES),
        ...(stalls && { timeout_seconds: String(STALL_TIMEOUT_MS / 1000) }),
      },
    });

    const span = server.span(before.id);
    const score = span.score === 9;
    const meta = span.meta?.dataset === 'support-v3' && span.meta.prompt_version === 12;
    const errors = annotations.map(({ message }) => message);
    const words = errors.length > 0 ? errors : log.filter((line) => / attempt \d+ of /.test(line));
    return {
      stored: score && meta ? 'yes' : isDeepStrictEqual(span, before) ? 'no' : 'in part',
      requests: Number(/\((\d+) requests?,/.exec(log.join('\n'))?.[1]),
      arrived: server.requests.length,
      exitCode,
      outcome: outputs.outcome,
      words: words
        .join('\n')
        .replaceAll(`${server.baseUrl}/spans/${before.id}`, 'URL')
        .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
        .replaceAll(/Span [\da-f-]{36}/g, 'Span ID'),
      durationMs,
    };
  }

  return { observe, [Symbol.asyncDispose]: async () => fullPort?.close() };
}

/** The true answer, and the end of the connection. */
const closing: Fault = ({ response, send, handle }) => {
  response.shouldKeepAlive = false;
  send(handle());
};

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/**
 * A port on which a connection is neither accepted nor refused: its server, a thread that sleeps, has a queue of one, and
 * that is full.
 */
async function startFullPort(): Promise<{ port: number; close(): Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const sockets: Socket[] = [];
  let queued = true;
  while (queued) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    queued = await Promise.race([once(socket, 'connect').then(() => true), wait(200, false)]);
  }
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
}
