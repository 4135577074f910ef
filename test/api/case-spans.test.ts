import { expect, it, onTestFinished } from 'vitest';
import { createCaseSpans } from '../../src/api/case-spans.ts';
import type { ClientOptions } from '../../src/api/client.ts';
import type { NewSpan } from '../../src/api/span.ts';
import { createTransport, type Transport } from '../../src/api/transport.ts';
import { clientOf } from '../harness/client.ts';
import * as faults from '../harness/faults.ts';
import { type FaultRule, type SpanServerOptions, startSpanServer } from '../harness/span-server.ts';

const PARENT = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

const casesOf = (count: number): NewSpan[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    name: `case ${index}`,
  }));

/** Makes the spans of so many cases on a server with these faults. */
async function create(
  spans: readonly NewSpan[],
  rules: readonly FaultRule[] = [],
  options: SpanServerOptions = {},
  overrides: Partial<ClientOptions> = {},
) {
  const server = await startSpanServer(options);
  onTestFinished(() => server.close());
  const parent = server.create({ id: PARENT, name: 'Eval' });
  server.faults.push(...rules);
  const { Headers, fetch } = createTransport({ baseUrl: server.baseUrl, env: {}, timeoutMs: 5000 });
  // By name, in the order in which they were sent; they may arrive in a different order.
  const sent: string[] = [];
  const transport: Transport = {
    Headers,
    fetch(url, init) {
      if (init.method === 'POST') sent.push(JSON.parse(init.body ?? '').name);
      return fetch(url, init);
    },
  };
  const { client } = clientOf(server, { transport, ...overrides });
  const progress: string[] = [];
  const onProgress = (created: number, of: number) => progress.push(`${created} of ${of}`);
  return { server, sent, progress, result: await createCaseSpans(client, spans, parent, { onProgress }) };
}

it('creates a span for each case, in order, four at a time, and reports progress', async () => {
  const cases = casesOf(300);
  const { server, sent, progress, result } = await create(cases, [], { latencyMs: 2 });
  expect(result).toEqual({ created: 300, of: 300, failure: undefined, warning: undefined });
  expect(
    server
      .children(PARENT)
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(cases.map(({ id }) => id));
  expect(sent).toEqual(cases.map(({ name }) => name));
  expect(server.mostAtOnce).toBe(4);
  expect(progress).toEqual(['100 of 300', '200 of 300']);
});

it('does nothing without cases', async () => {
  const { server, progress, result } = await create([]);
  expect({ result, progress, requests: server.requests }).toEqual({
    result: { created: 0, of: 0, failure: undefined, warning: undefined },
    progress: [],
    requests: [],
  });
});

it('creates each once, even if responses are lost', async () => {
  const lost = { on: 'POST', times: 10, fault: faults.applied(faults.reset('before headers')) } as const;
  const { server, result } = await create(casesOf(20), [lost]);
  expect(result).toEqual({ created: 20, of: 20, failure: undefined, warning: undefined });
  expect(server.children(PARENT)).toHaveLength(20);
});

it('creates each, even if the server closes each connection at its second request', async () => {
  const closeKept = { times: Number.POSITIVE_INFINITY, fault: faults.closeKept() };
  const { server, result } = await create(casesOf(20), [closeKept]);
  expect(result).toEqual({ created: 20, of: 20, failure: undefined, warning: undefined });
  expect(server.children(PARENT)).toHaveLength(20);
});

it('warns once about all whose response lacks what was sent, except input and output', async () => {
  const cases = casesOf(9).map((span) => ({ ...span, score: 1, input: 'i', output: 'o' }));
  const lacking = (fields: Record<string, unknown>) =>
    ({ on: 'POST', times: 3, fault: faults.span(fields) }) as const;
  const { result } = await create(cases, [
    lacking({ input: null, output: '' }),
    lacking({ score: null, output: 'other' }),
    lacking({ parent_id: '00000000-0000-4000-8000-999999999999' }),
  ]);
  expect(result).toEqual({
    created: 9,
    of: 9,
    failure: undefined,
    warning: expect.stringMatching(
      /^6 of 9 case spans were not stored as sent\. The first: case \d: score was not stored .* nothing$/,
    ),
  });
});

it('does not warn about one that the API does not show', async () => {
  const lost = { on: 'POST', fault: faults.applied(faults.reset('before headers')) } as const;
  const { result } = await create(casesOf(1), [lost], { ids: 'refused', visibleAfter: 99 });
  expect(result).toEqual({ created: 1, of: 1, failure: undefined, warning: undefined });
});

it('starts no more after one has failed despite retries, and says how many were created', async () => {
  let posts = 0;
  const when = () => ++posts > 37;
  const outage = { on: 'POST', when, times: Number.POSITIVE_INFINITY, fault: faults.status(503) } as const;
  const { server, sent, result } = await create(casesOf(100), [outage], {}, { retries: 1 });
  expect(result).toEqual({
    created: 37,
    of: 100,
    failure: expect.objectContaining({ status: 503, attempts: 2 }),
    warning: undefined,
  });
  expect(server.children(PARENT)).toHaveLength(37);
  expect(new Set(sent).size).toBeLessThanOrEqual(37 + 4);
});

it('starts no more after one was rejected', async () => {
  const when = ({ text }: { text: string }) => text.includes('case 37');
  const { server, sent, result } = await create(casesOf(100), [{ when, fault: faults.status(422) }]);
  expect(result.failure).toMatchObject({ status: 422 });
  expect(result.created).toBe(server.children(PARENT).length);
  expect(sent.length).toBeLessThan(60);
});

it('does not report a failure of the action itself as one of the API', async () => {
  const wait = () => Promise.reject(new TypeError('a bug'));
  const outage = { fault: faults.status(503) };
  await expect(create(casesOf(9), [outage], {}, { wait })).rejects.toThrow('a bug');
});

it('reports a case that is too large to send like one that was rejected', async () => {
  const [first, second = expect.fail(), ...rest] = casesOf(9);
  const large = { ...second, output: 'x'.repeat(33 * 1024 * 1024) };
  const { result } = await create([first ?? expect.fail(), large, ...rest]);
  expect(result).toMatchObject({
    created: 3,
    of: 9,
    failure: { problems: [{ name: 'output', message: expect.stringContaining('32 MiB') }] },
  });
});
