import { afterAll, describe, expect, test } from 'vitest';
import { raw, status } from '../harness/faults.ts';
import { startSpanServer } from '../harness/span-server.ts';
import { FOREVER, FORK, runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

describe('without a key', () => {
  test.each(['update', 'get', 'create', 'track'])(
    '%s on a pull request from a fork is skipped: green, a notice, no request',
    async (operation) => {
      const inputs = {
        operation,
        ...(operation === 'get' ? {} : { score: '87' }),
        ci_meta: 'false',
        api_key: ' \n',
      };
      const { exitCode, sent, outputs, annotations } = await runStage(server, inputs, { context: FORK });
      expect({ exitCode, sent, outcome: outputs.outcome }).toEqual({
        exitCode: 0,
        sent: [],
        outcome: 'skipped',
      });
      expect(annotations).toEqual([
        { level: 'notice', title: 'Opper span: skipped', message: expect.stringContaining('forks') },
      ]);
    },
  );

  test('bad input on a pull request from a fork is still an error', async () => {
    const inputs = { span_id: 'one', api_key: '', results_file: 'r.xml' };
    const result = await runStage(server, inputs, { context: FORK });
    expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'failed' }, sent: [] });
    const names = result.annotations[0]?.message.split('\n').map((line) => line.split(':')[0]);
    expect(names).toEqual(['span_id', 'results_file']);
  });

  test('the same pull request with a key is recorded', async () => {
    const inputs = { span_id: server.create({ name: 'Support' }).id, score: '87' };
    expect(await runStage(server, inputs, { context: FORK })).toMatchObject({ exitCode: 0, annotations: [] });
  });

  test.each(['true', 'false'])('a push is red, with fail_on_api_error %s', async (fail_on_api_error) => {
    const result = await runStage(server, {
      span_id: server.create({ name: 'Support' }).id,
      score: '87',
      api_key: '',
      fail_on_api_error,
    });
    expect(result).toMatchObject({ exitCode: 1, sent: [], outputs: { outcome: 'failed' } });
    expect(result.annotations.map(({ message }) => message.split(':')[0])).toEqual(['api_key']);
  });
});

describe('the key', () => {
  test('may be in the environment, with white space around it', async () => {
    const inputs = { span_id: server.create({ name: 'Support' }).id, score: '87', api_key: '' };
    const { exitCode } = await runStage(server, inputs, { env: { OPPER_API_KEY: `${server.key}\r\n` } });
    expect(exitCode).toBe(0);
  });

  test('is masked before anything else happens, line by line', async () => {
    const inputs = { span_id: 'x', api_key: 'op-1\r\n op-2 \n' };
    const { calls } = await runStage(server, inputs, { env: { OPPER_API_KEY: 'other key' } });
    expect(calls.slice(0, 3)).toEqual([
      ['setSecret', 'op-1'],
      ['setSecret', 'op-2'],
      ['setSecret', 'other key'],
    ]);
    expect(calls.slice(3).map(([what]) => what)).not.toContain('setSecret');
  });

  test('is in no output or message, even if the span and the inputs contain it', async () => {
    const { id } = server.create({ name: `key ${server.key}`, meta: { [server.key]: server.key } });
    const inputs = { span_id: id, output: `echo ${server.key}`, meta: `{"in": "${server.key}"}`, score: '1' };
    const { calls } = await runStage(server, inputs);
    expect(calls.filter(([what]) => what === 'setSecret')).toEqual([['setSecret', server.key]]);
    expect(server.span(id).output).toBe(`echo ${server.key}`);
    expect(JSON.stringify(calls.filter(([what]) => what !== 'setSecret'))).not.toContain(server.key);
  });

  test('is in no request, even if a problem that is recorded quotes it', async () => {
    const given = { operation: 'track', ci_meta: 'false' };
    const { state } = await runStage(server, given);
    const bad = { score: server.key, end_time: `at ${server.key}` };
    const atEnd = { ...given, ...bad, results_file: `good.xml\n${server.key}.xml` };
    const files = {
      'good.xml': '<testsuite><testcase name="a"/></testsuite>',
      [`${server.key}.xml`]: server.key,
    };
    const { sent, annotations } = await runStage(server, atEnd, { state, files });
    const error = [
      'score: "***" is not a number such as 87, or 0.87 with score_scale 100',
      expect.stringMatching(/^end_time: "at \*\*\*" is not a time/),
      'results_file: ***.xml has an unknown format: it begins with "***", expected XML or JSON (junit, ctrf, promptfoo, jest). To leave it out, add the line !***.xml',
    ];
    expect((sent.at(-1) as [string, { error: string }])[1].error.split('\n')).toEqual(error);
    expect(JSON.stringify(sent)).not.toContain(server.key);
    expect(annotations[0]?.message.split('\n')).toEqual(error);
  });

  test('is in no request, even if it is in the path of a file whose score is bad', async () => {
    const given = { operation: 'track', ci_meta: 'false', results_format: 'fields' };
    const path = `${server.key}.json`;
    const { state } = await runStage(server, { ...given, results_file: path });
    const atEnd = { ...given, results_file: path };
    const { sent } = await runStage(server, atEnd, { state, files: { [path]: '{"score": 0.5}' } });
    expect((sent.at(-1) as [string, { error: string }])[1].error).toMatch(
      /^score in \*\*\*\.json: 0\.5 is not an integer/,
    );
  });

  test('is in no retry notice and no error, even if the server echoes it', async () => {
    const inText = raw(`HTTP/1.1 503 No ${server.key}\r\ncontent-length: 0\r\n\r\n`);
    const inBody = status(503, { body: { detail: `bad key ${server.key}` } });
    const faults = [{ fault: inText }, { times: FOREVER, fault: inBody }];
    const inputs = { span_id: server.create({ name: 'Support' }).id, score: '1', ci_meta: 'false' };
    const { calls, log, annotations } = await runStage(server, inputs, { faults });
    expect(log[0]).toContain('503 No ***');
    expect(annotations[0]?.message).toContain('bad key ***');
    expect(JSON.stringify(calls.filter(([what]) => what !== 'setSecret'))).not.toContain(server.key);
  });

  test('that is the name of an input does not hide that this input is given', async () => {
    const { annotations } = await runStage(server, { span_id: 'x', api_key: 'span_id' });
    expect(annotations[0]?.message.split('\n')).toHaveLength(1);
  });

  test.each(['e', 'a', 'span', 'test', 'error', 'updated', 'failed'])(
    'of only the letters %j breaks nothing',
    async (key) => {
      await using own = await startSpanServer({ key });
      const inputs = { span_id: own.create({ name: 'Support' }).id, results_file: 'r.xml', min_score: '101' };
      const files = { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' };
      const { exitCode, outputs, annotations } = await runStage(own, inputs, { files });
      expect({ exitCode, outcome: outputs.outcome, score: outputs.score }).toEqual({
        exitCode: 1,
        outcome: 'updated',
        score: '100',
      });
      expect(Object.keys(JSON.parse(outputs.meta ?? ''))).toContain('test.format');
      expect(annotations).toHaveLength(1);
    },
  );
});
