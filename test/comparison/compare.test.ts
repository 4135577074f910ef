import { describe, expect, test } from 'vitest';
import type { TraceSpan } from '../../src/api/traces.ts';
import { type Baseline, baselineIn, type OwnRun } from '../../src/comparison/baseline.ts';
import { compare, failingAmong } from '../../src/comparison/compare.ts';
import { maxDropGate } from '../../src/comparison/max-drop.ts';
import { factsOf, RUN_URL } from '../harness/push.ts';
import { comparisonOf } from '../harness/report.ts';

const FACTS = factsOf();
const TRACE = '123e4567-e89b-12d3-a456-426614174000';

function failing(...names: string[]): TraceSpan[] {
  return names.map((name) => ({ name, type: 'test', meta: { 'test.status': 'failed' } }));
}

function baselineOf(
  meta: object | null,
  children: readonly TraceSpan[] = [],
  span: TraceSpan = {},
): Baseline {
  return { trace: { id: TRACE }, span: { score: 80, meta: meta && { ...meta }, ...span }, children };
}

const NOW: OwnRun = { name: 'Eval', branch: 'main', score: 62, metrics: {}, failing: [], facts: FACTS };

/** The failing cases of a comparison. */
function casesOf(children: readonly TraceSpan[], meta: object, now: readonly string[] | undefined) {
  const { newly_failed, no_longer_failing } = compare(baselineOf(meta, children), { ...NOW, failing: now });
  return newly_failed && { new: newly_failed.join(), gone: no_longer_failing?.join() };
}

describe('failing cases', () => {
  const TWO = { 'test.failed': 1, 'test.errored': 1 };

  test('are those that fail now and did not, and the other way round', () => {
    const passed: TraceSpan = { name: 'c', type: 'test', meta: { 'test.status': 'passed' } };
    const call: TraceSpan = { name: 'd', type: 'llm', meta: { 'test.status': 'failed' } };
    const children = [...failing('a', 'b'), passed, call, { type: 'test' }];
    expect(casesOf(children, TWO, ['b', 'c'])).toEqual({ new: 'c', gone: 'a' });
  });

  test('with one name are counted', () => {
    expect(casesOf(failing('a', 'a'), TWO, ['a', 'a', 'a', 'b'])).toEqual({ new: 'a,b', gone: '' });
    expect(casesOf(failing('a', 'a'), TWO, ['a'])).toEqual({ new: '', gone: 'a' });
  });

  test('without a name have an empty one', () => {
    const nameless = { type: 'test', meta: { 'test.status': 'errored' } };
    expect(casesOf([...failing('a'), nameless], TWO, ['a', '', 'b'])).toEqual({ new: 'b', gone: '' });
  });

  test('are compared if neither had any', () => {
    expect(casesOf([], { 'test.failed': 0, 'test.errored': 0 }, [])).toEqual({ new: '', gone: '' });
  });

  test.each([
    ['the baseline has a span for only some', failing('a'), TWO, []],
    ['the baseline has no meta', failing('a'), null, []],
    ['the baseline has no counts', failing('a'), {}, []],
    ['the baseline has no count of errors', failing('a'), { 'test.failed': 1 }, []],
    ['the baseline has no count of failures', failing('a'), { 'test.errored': 1 }, []],
    ['the count of errors is null', failing('a'), { 'test.failed': 1, 'test.errored': null }, []],
    ['the count of failures is null', failing('a'), { 'test.failed': null, 'test.errored': 1 }, []],
    ['a count of the baseline is text', failing('a'), { 'test.failed': '1', 'test.errored': '' }, []],
    ['those of this run are not all known', failing('a', 'b'), TWO, undefined],
  ])('are not compared if %s', (_, children, meta, now) => {
    const comparison = compare(baselineOf(meta, children), { ...NOW, failing: now });
    expect(Object.keys(comparison)).not.toContain('newly_failed');
    expect(Object.keys(comparison)).not.toContain('no_longer_failing');
  });

  test('of this run are known if all of them have a case span', () => {
    const span = (name: string, status: string) => ({ id: name, name, meta: { 'test.status': status } });
    const spans = [span('a', 'failed'), span('b', 'errored'), span('c', 'passed')];
    expect([failingAmong(spans, 2), failingAmong(spans, 3), failingAmong([], 0)]).toEqual([
      ['a', 'b'],
      undefined,
      [],
    ]);
  });

  test('are at most a hundred', () => {
    const names = Array.from({ length: 120 }, (_, i) => `c${i}`);
    const { newly_failed } = compare(baselineOf({ 'test.failed': 0, 'test.errored': 0 }), {
      ...NOW,
      failing: names,
    });
    expect(newly_failed).toEqual(names.slice(0, 100));
  });
});

test('metrics are compared if both have them, with the newest of the baseline', () => {
  const metric = (dimension: string, value: number, created_at: string) => ({
    id: created_at,
    dimension,
    value,
    created_at,
  });
  const metrics = [
    metric('accuracy', 0.9, '2026-11-20T12:00:01Z'),
    metric('accuracy', 0.8, '2026-11-20T12:00:00Z'),
    metric('old', 1, '2026-11-20T12:00:00Z'),
  ];
  const comparison = compare(baselineOf({}, [], { metrics }), { ...NOW, metrics: { accuracy: 0.7, new: 1 } });
  expect(comparison).toEqual({
    trace_id: TRACE,
    branch: 'main',
    score: 80,
    score_change: -18,
    metrics: { accuracy: { before: 0.9, after: 0.7 } },
  });
});

test.each([
  [RUN_URL, RUN_URL],
  [`${RUN_URL}/../../../../evil/x`, undefined],
  [`${RUN_URL}"onclick="alert(1)`, undefined],
  ['https://github.com/acme/support-bot/actions/runs/x1', undefined],
  ['https://github.com/acme/support-bot/actions/runs/', undefined],
  ['https://github.com/acme/support-bot-2/actions/runs/1', undefined],
  ['https://github.com.evil.example/acme/support-bot/actions/runs/1', undefined],
  ['javascript:alert(1)', undefined],
  [1, undefined],
  [undefined, undefined],
])("the run's address %j is %j", (url, expected) => {
  expect(compare(baselineOf({ 'cicd.pipeline.run.url.full': url }), NOW).run_url).toBe(expected);
  expect(compare(baselineOf({ 'cicd.pipeline.run.url.full': url }), { ...NOW, facts: {} }).run_url).toBe(
    undefined,
  );
});

describe('of several in one trace', () => {
  const own = {
    ...NOW,
    name: 'Eval',
    branch: 'main',
    facts: { ...FACTS, 'github.matrix': { model: 'small', n: 1 } },
  };
  const span = (id: string, start_time: string | undefined, matrix?: object): TraceSpan => ({
    id,
    name: 'Eval',
    score: 1,
    ...(start_time && { start_time }),
    meta: { ...FACTS, 'cicd.pipeline.run.id': '1', ...(matrix && { 'github.matrix': { ...matrix } }) },
  });
  const [early, late] = ['2026-11-20T12:00:00Z', '2026-11-20T13:00:00Z'];

  test.each([
    [
      'the one with the same matrix',
      [span('a', early, { n: 1, model: 'small' }), span('b', late, { model: 'large' })],
      'a',
    ],
    [
      'the newest of those',
      [span('a', early, { model: 'small', n: 1 }), span('b', late, { n: 1, model: 'small' })],
      'b',
    ],
    ['else the newest', [span('a', late, { model: 'large' }), span('b', early), span('c', undefined)], 'a'],
    ['and none with another name', [{ ...span('a', early), name: 'Other' }], undefined],
    ['and none without spans', undefined, undefined],
  ])('%s counts', (_, spans, id) => {
    expect(baselineIn({ id: TRACE, ...(spans && { spans }) }, own)?.span.id).toBe(id);
  });

  test('one whose repository or run is not known does not count', () => {
    const { 'vcs.owner.name': _, ...withoutOwner } = FACTS;
    const { 'cicd.pipeline.run.id': __, ...withoutRun } = FACTS;
    const found = (meta: object, facts: OwnRun['facts']) =>
      baselineIn({ id: TRACE, spans: [{ ...span('a', early), meta: { ...meta } }] }, { ...own, facts });
    expect(found({ ...withoutOwner, 'cicd.pipeline.run.id': '1' }, withoutOwner)).toBeUndefined();
    expect(found(withoutRun, FACTS)).toBeUndefined();
    expect(found({ ...withoutRun, 'cicd.pipeline.run.id': '1' }, FACTS)).toBeDefined();
  });

  test('one without an id has no children', () => {
    const { id, ...withoutId } = span('a', early);
    expect(baselineIn({ id: TRACE, spans: [withoutId, { name: 'x' }] }, own)?.children).toEqual([]);
  });

  test('its children are those of that span alone', () => {
    const spans = [
      span('a', early),
      { ...span('b', late), parent_id: 'a' },
      { name: 'x', parent_id: 'b' },
      { name: 'y', parent_id: 'a' },
    ];
    expect(baselineIn({ id: TRACE, spans }, own)?.children.map(({ name }) => name)).toEqual(['x']);
  });
});

describe('max_drop', () => {
  test.each([
    [0, -0, true, "is not below the baseline's 80 (max_drop 0)", ''],
    [0, 5, true, "is not below the baseline's 80 (max_drop 0)", ''],
    [2, -2, true, "is 2 below the baseline's 80, within max_drop 2", ''],
    [
      2,
      -3,
      false,
      "is 3 below the baseline's 80, more than max_drop 2 allows",
      ', more than max_drop 2 allows',
    ],
    [
      2.5,
      -3,
      false,
      "is 3 below the baseline's 80, more than max_drop 2.5 allows",
      ', more than max_drop 2.5 allows',
    ],
  ])('%d with a change of %d is passed: %s', (maxDrop, change, isPassed, text, afterChange) => {
    const gate = maxDropGate(maxDrop, 80 + change, comparisonOf({ score_change: change }), true);
    expect(gate).toEqual({ isPassed, text: `score ${80 + change} ${text}`, afterChange });
  });

  test('is no gate without a limit, or without a baseline', () => {
    expect([
      maxDropGate(undefined, 80, comparisonOf(), true),
      maxDropGate(undefined, undefined, undefined, true),
      maxDropGate(2, 80, undefined, true),
    ]).toEqual([undefined, undefined, undefined]);
  });

  test('is missed without a score, unless something else is wrong', () => {
    const text = 'there is no score to compare with the baseline (max_drop 2)';
    expect([maxDropGate(2, undefined, undefined, true), maxDropGate(2, undefined, undefined, false)]).toEqual(
      [{ isPassed: false, text, advice: 'Set score or results_file' }, undefined],
    );
  });
});
