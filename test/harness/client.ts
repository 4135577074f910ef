import { inspect } from 'node:util';
import { type ClientOptions, createClient } from '../../src/api/client.ts';
import { createTransport } from '../../src/api/transport.ts';
import { ApiError } from '../../src/errors.ts';
import type { SpanServer } from './span-server.ts';

/** The time of the clock of these clients. */
const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

/** A client of a span server, with its waits and log lines. Waits take no time, and jitter halves each. */
export function clientOf(
  { baseUrl, key }: Pick<SpanServer, 'baseUrl' | 'key'>,
  overrides: Partial<ClientOptions> = {},
) {
  const waits: number[] = [];
  const notices: string[] = [];
  const timeoutMs = overrides.timeoutMs ?? 5000;
  const client = createClient({
    baseUrl,
    apiKey: key,
    userAgent: 'opper-span-action/1.2.3',
    timeoutMs,
    retries: 3,
    transport: createTransport({ baseUrl, env: {}, timeoutMs }),
    wait: async (ms) => void waits.push(ms),
    random: () => 0.5,
    now: () => NOW,
    onRetry: (notice) => notices.push(notice),
    ...overrides,
  });
  return { client, waits, notices };
}

/** The {@link ApiError} that a promise rejects with. */
export async function apiErrorOf(promise: Promise<unknown>): Promise<ApiError> {
  const thrown = await promise.then(
    (value) => value,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApiError)) throw new Error(`not an ApiError: ${inspect(thrown)}`);
  return thrown;
}

/** Each request as a line: `GET /v2/spans/…`. */
export function linesOf({ requests }: SpanServer): string[] {
  return requests.map(({ method, path }) => `${method} ${path}`);
}

export function methodsOf({ requests }: SpanServer): string {
  return requests.map(({ method }) => method).join(' ');
}
