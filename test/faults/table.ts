import { isDeepStrictEqual } from 'node:util';
import * as faults from '../harness/faults.ts';
import { runStep } from '../harness/runner.ts';
import { type Fault, startSpanServer } from '../harness/span-server.ts';
import {
  closedPort,
  closeServers,
  identityOf,
  pathOf,
  startFullPort,
  startProxy,
  startTcpServer,
} from '../harness/tcp-server.ts';

/** Something that goes wrong between the step and the API, and what is expected of the step. */
export interface FaultRow {
  readonly name: string;
  /** What happens to a request, or where its connection goes instead. */
  readonly fault: Fault | { readonly divert: Diversion };
  /** A part of the description of an attempt. */
  readonly reason: string;
  /** A part of the server's message or of the advice, at the end of the error. */
  readonly advice: string;
  /** Absent: the step retries. */
  readonly final?: true;
  /** The time limit of an attempt, where that is reached or matters. */
  readonly timeoutSeconds?: number;
  /** A PATCH is stored although its response is unusable. */
  readonly acts?: true;
  /** The step succeeds without a message, after so many more requests for a PATCH. */
  readonly unnoticed?: number;
  /** The wait before the second attempt, where it is not the usual one. */
  readonly wait?: string;
}

/** Where a connection goes. The last is a proxy, through which the other connections reach the API. */
type Diversion =
  | 'closed port'
  | 'unknown name'
  | 'full port'
  | 'full port, two addresses'
  | 'proxy that hangs up';

export type Method = 'GET' | 'PATCH';
export type Times = 'once' | 'for ever';

/** What was observed for a row. */
export interface Observed {
  /** Whether the update is on the span: all of it, or nothing. */
  readonly stored: 'yes' | 'no' | 'in part';
  /** Requests as the step counts them. */
  readonly requests: number;
  /** Requests that reached the API. */
  readonly arrived: number;
  /** Connections to a proxy that hangs up. */
  readonly hungUp: number;
  readonly exitCode: number | null;
  readonly outcome: string | undefined;
  /** The error of the step or, if there is none, what it logged about its attempts. */
  readonly message: string;
}

/** Runs in the step's process before the step. */
const CHILD = new URL('./child.mjs', import.meta.url);
const RETRIES = 1;
const WINDOWS = process.platform === 'win32';

const STALLED = {
  reason: 'no complete response within 1 s',
  advice: 'timeout_seconds',
  timeoutSeconds: 1,
} as const;
const MIB = 1024 * 1024;

/** A success without a span, or one that cannot be read. */
function unusable(name: string, fault: Fault, reason: string, advice = 'base_url'): FaultRow {
  return { name, fault, reason, advice, final: true };
}

/** The same, for a request that took effect. */
function lost(name: string, fault: Fault, reason: string): FaultRow {
  return { ...unusable(name, faults.applied(fault), reason), acts: true };
}

/** A response that differs from a usual one, and is as good. */
function unnoticed(name: string, fault: Fault): FaultRow {
  return { name, fault, reason: '', advice: '', unnoticed: 0 };
}

/** A status that is retried. */
function troubled(code: number, advice: string): FaultRow {
  return { name: `${code}`, fault: faults.status(code), reason: `returned ${code} `, advice };
}

/** A status that is not. */
function refused(code: number, advice: string): FaultRow {
  return { ...troubled(code, advice), final: true };
}

function limited(retryAfter: string, wait: string): FaultRow {
  const fault = faults.status(429, { retryAfter });
  return { ...troubled(429, 'Raise retries'), name: `429, Retry-After: ${retryAfter}`, fault, wait };
}

function resets(at: faults.Point, reason: string): FaultRow {
  const acts = at !== 'before headers';
  return { name: `reset ${at}`, fault: faults.reset(at), reason, advice: 'base_url', ...(acts && { acts }) };
}

function stalls(at: faults.Point): FaultRow {
  const acts = at !== 'before headers';
  return { name: `stall ${at}`, fault: faults.stall(at), ...STALLED, ...(acts && { acts }) };
}

/** The slow ones are spread out, so that others run beside them. */
export const FAULTS: readonly FaultRow[] = [
  {
    name: 'connection refused',
    fault: { divert: 'closed port' },
    reason: 'ECONNREFUSED',
    advice: 'base_url',
  },
  { name: 'name not found', fault: { divert: 'unknown name' }, reason: 'ENOTFOUND', advice: 'base_url' },
  // Windows refuses connections when its queue is full.
  ...(WINDOWS ? [] : [{ name: 'stall at connect', fault: { divert: 'full port' }, ...STALLED } as const]),
  ...(WINDOWS
    ? []
    : [
        {
          name: 'several addresses, none answers',
          fault: { divert: 'full port, two addresses' },
          reason: 'connect ETIMEDOUT',
          advice: 'base_url',
          // Half of it for the second round.
          timeoutSeconds: 2,
        } as const,
      ]),
  {
    name: 'proxy that hangs up',
    fault: { divert: 'proxy that hangs up' },
    reason: 'through the proxy: the connection was closed',
    advice: 'HTTPS_PROXY',
  },
  {
    name: 'connection closed between GET and PATCH',
    fault: faults.closeKept(),
    reason: '',
    advice: '',
    // The request comes on the kept connection, then on a new one.
    unnoticed: 1,
  },
  unnoticed('gzip', faults.packed('gzip')),
  unnoticed('br', faults.packed('br')),
  unnoticed('an unknown coding over plain text', faults.coded('zstd')),
  resets('before headers', 'ECONNRESET'),
  resets('in headers', 'ECONNRESET'),
  resets('after headers', 'in the middle of the response'),
  resets('in body', 'in the middle of the response'),
  stalls('before headers'),
  refused(400, 'Bad request'),
  refused(401, 'OPPER_API_KEY'),
  refused(403, 'permissions'),
  { ...refused(403, 'a gateway'), name: '403, HTML', fault: faults.html(403) },
  refused(404, 'span_id'),
  stalls('in headers'),
  troubled(408, ''),
  refused(409, ''),
  refused(413, 'Record less'),
  refused(421, 'base_url'),
  refused(422, 'body.score: Input should be a valid integer'),
  troubled(425, ''),
  stalls('after headers'),
  troubled(429, 'Raise retries'),
  limited('1', '1 s'),
  limited('Wed, 21 Oct 2015 07:28:00 GMT', '0.01 s'),
  limited('0', '0.01 s'),
  limited('soon', '0.01 s'),
  { ...limited('3600', ''), advice: '3600 s (Retry-After)', final: true },
  stalls('in body'),
  troubled(500, 'has a problem'),
  troubled(502, 'has a problem'),
  troubled(503, 'has a problem'),
  troubled(504, 'has a problem'),
  troubled(507, 'has a problem'),
  troubled(520, 'has a problem'),
  unusable('600', faults.status(600), '600 is not an HTTP status'),
  unusable('HTML with 200', faults.html(), 'HTML page', 'Sign in'),
  { name: 'a byte a second', fault: faults.trickle(1000), ...STALLED, acts: true },
  lost('truncated JSON', faults.reply({ status: 200, body: '{"id": "3c90' }), 'not JSON: line 1, column '),
  lost('Latin-1', faults.latin1(), 'not UTF-8'),
  lost('cut character', faults.cutCharacter(), 'not UTF-8'),
  lost(
    'gzip that is cut off',
    faults.packed('gzip', -1),
    'cannot be decompressed (gzip: unexpected end of file)',
  ),
  lost('gzip under an unknown coding', faults.packed('gzip', 0, 'zstd'), 'not UTF-8'),
  lost(
    'the id of another span',
    faults.span({ id: '00000000-0000-4000-8000-000000000000' }),
    '00000000-0000',
  ),
  lost(
    'wrong types',
    faults.span({ name: null, score: 'nine' }),
    'name: expected text; score: expected a number',
  ),
  unusable('empty 200', faults.empty(), 'returned 200 OK, but with an empty body'),
  unusable('204', faults.empty(204), 'returned 204 No Content, but with an empty body'),
  unusable('redirect to the same origin', faults.redirect('/v2/elsewhere'), 'redirects are not followed'),
  unusable(
    'redirect to another origin',
    faults.redirect('https://elsewhere.example/v2'),
    'to elsewhere.example',
  ),
  unusable('100 MiB', faults.huge(100 * MIB), 'larger than 32 MiB'),
  unusable('gzip bomb, 1 GiB in 1 MiB', faults.gzipBomb(1024 * MIB), 'larger than 32 MiB'),
  unusable(
    'interim responses without end',
    faults.flood('', 'HTTP/1.1 102 Processing\r\n\r\n'),
    'interim responses',
  ),
  {
    name: 'headers without end',
    fault: faults.flood('HTTP/1.1 200 OK\r\n', 'a: b\r\n'),
    reason: 'response headers are too long',
    advice: 'base_url',
  },
  {
    ...resets('before headers', 'ECONNRESET'),
    name: 'applied, response lost',
    fault: faults.applied(faults.reset('before headers')),
    acts: true,
  },
];

export const METHODS: readonly Method[] = ['GET', 'PATCH'];
export const TIMES: readonly Times[] = ['once', 'for ever'];

/**
 * What is expected for a fault: a step that retries recovers if it happens once, and fails after its retries if it lasts. The
 * message must contain these parts.
 */
export function expectedOf(
  row: FaultRow,
  method: Method,
  times: Times,
): Omit<Observed, 'message'> & { readonly message: readonly string[] } {
  if (row.unnoticed !== undefined) {
    const arrived = 2 + (method === 'PATCH' ? row.unnoticed : 0);
    return { stored: 'yes', requests: 2, arrived, hungUp: 0, exitCode: 0, outcome: 'updated', message: [] };
  }
  const recovers = times === 'once' && !row.final;
  const failed = row.final || times === 'once' ? 1 : 1 + RETRIES;
  const before = method === 'PATCH' ? 1 : 0;
  const after = recovers ? (method === 'GET' ? 2 : 1) : 0;
  const requests = before + failed + after;
  const divert = 'divert' in row.fault ? row.fault.divert : undefined;
  return {
    stored: recovers || (method === 'PATCH' && row.acts) ? 'yes' : 'no',
    requests,
    arrived: divert ? requests - failed : requests,
    hungUp: divert === 'proxy that hangs up' ? failed : 0,
    exitCode: recovers ? 0 : 1,
    outcome: recovers ? 'updated' : 'failed',
    message: recovers
      ? [`${method} `, row.reason, `; attempt 2 of ${1 + RETRIES} in ${row.wait ?? '0.01 s'}`]
      : [`${method} http`, row.reason, row.advice, ...(failed > 1 ? [`tried ${failed} times`] : [])],
  };
}

/** How an observation differs from what is expected; undefined if it does not. */
export function differenceOf(
  { message, ...facts }: Observed,
  expected: ReturnType<typeof expectedOf>,
): { expected: object; observed: object } | undefined {
  const { message: parts, ...expectedFacts } = expected;
  const hasParts = parts.length === 0 ? message === '' : parts.every((part) => message.includes(part));
  if (hasParts && isDeepStrictEqual(facts, expectedFacts)) return undefined;
  return { expected, observed: { ...facts, message } };
}

export interface FaultBench extends AsyncDisposable {
  /** Runs the step from `dist` against a fault and returns everything observed. */
  observe(row: FaultRow, method: Method, times: Times): Promise<Observed>;
}

export async function startFaultBench(): Promise<FaultBench> {
  const fullPort = WINDOWS ? undefined : await startFullPort();
  const closed = await closedPort();

  async function observe(row: FaultRow, method: Method, times: Times): Promise<Observed> {
    const { fault } = row;
    const divert = 'divert' in fault ? fault.divert : undefined;
    const proxied = divert === 'proxy that hangs up';
    await using server = await startSpanServer(proxied ? { tls: identityOf('remote') } : {});
    const before = server.create({ name: 'Répondre', meta: { prompt_version: 12 } });
    const hangingUp = await startTcpServer((socket) => socket.end());
    const query = new URLSearchParams();
    if (divert) {
      const from = method === 'GET' ? 1 : 2;
      const targets = {
        'closed port': `127.0.0.1:${closed}`,
        // A name cannot have two dots in a row, so no DNS server is asked for it.
        'unknown name': 'no..name:80',
        'full port': `127.0.0.1:${fullPort?.port}`,
        'full port, two addresses': `two.addresses:${fullPort?.port}`,
        'proxy that hangs up': hangingUp.host,
      };
      query.set('divert', targets[divert]);
      query.set('from', String(from));
      // One attempt connects to several addresses twice.
      const to = divert === 'full port, two addresses' ? from + 1 : from;
      if (times === 'once') query.set('to', String(to));
    } else {
      server.faults.push({
        on: method,
        times: times === 'once' ? 1 : Number.POSITIVE_INFINITY,
        fault: fault as Fault,
      });
    }
    // A PATCH has a connection of its own, on which every failure counts.
    if (row.unnoticed === undefined)
      server.faults.push({ on: 'GET', times: Number.POSITIVE_INFINITY, fault: closing });
    const { port } = new URL(server.baseUrl);
    const { exitCode, outputs, annotations, log } = await runStep({
      nodeArgs: ['--import', `${CHILD}?${query}`],
      ...(proxied && {
        env: {
          HTTPS_PROXY: `http://${(await startProxy(Number(port))).host}`,
          NODE_EXTRA_CA_CERTS: pathOf('remote-cert.pem'),
        },
      }),
      with: {
        api_key: server.key,
        base_url: proxied ? 'https://api.example/v2' : server.baseUrl,
        span_id: before.id,
        score: '9',
        meta: '{"dataset": "support-v3"}',
        retries: String(RETRIES),
        ...(row.timeoutSeconds && { timeout_seconds: String(row.timeoutSeconds) }),
      },
    });

    const span = server.span(before.id);
    const score = span.score === 9;
    const meta = span.meta?.dataset === 'support-v3' && span.meta.prompt_version === 12;
    const errors = annotations.map(({ message }) => message);
    const messages = errors.length > 0 ? errors : log.filter((line) => / attempt \d+ of /.test(line));
    return {
      stored: score && meta ? 'yes' : isDeepStrictEqual(span, before) ? 'no' : 'in part',
      requests: Number(/\((\d+) requests?,/.exec(log.join('\n'))?.[1]),
      arrived: server.requests.length,
      hungUp: hangingUp.received.length,
      exitCode,
      outcome: outputs.outcome,
      message: messages.join('\n'),
    };
  }

  return {
    observe,
    async [Symbol.asyncDispose]() {
      closeServers();
      await fullPort?.close();
    },
  };
}

/** The real response, then the end of the connection. */
const closing: Fault = ({ response, send, handle }) => {
  response.shouldKeepAlive = false;
  send(handle());
};
