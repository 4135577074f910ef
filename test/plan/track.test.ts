import { expect, it } from 'vitest';
import type { SpanFields } from '../../src/api/span.ts';
import type { Recording } from '../../src/plan/recording.ts';
import { atEnd, atStart, beforeResponse, parseTracked, type Tracked } from '../../src/plan/track.ts';

const NOW = new Date('2026-04-07T13:33:27.179Z');
const EARLIER = '2026-04-07T13:00:00Z';
const recordingOf = (fields: SpanFields): Recording => ({
  fields,
  clear: ['type'],
  lacksScore: true,
  keepsMeta: true,
  fallbackError: 'Job eval failed',
  gate: { minScore: 80, score: undefined, needsScore: true },
  isOwn: false,
});

const ALL = {
  score: 1,
  error: 'e',
  output: 'o',
  end_time: EARLIER,
  name: 'n',
  type: 't',
  input: 'i',
  meta: { a: 1 },
};

it('at its start a job records what is known so far', () => {
  expect(atStart(recordingOf(ALL), NOW)).toStrictEqual({
    fields: { start_time: NOW.toISOString(), name: 'n', type: 't', input: 'i', meta: { a: 1 } },
    clear: [],
    lacksScore: false,
    keepsMeta: true,
    fallbackError: undefined,
    gate: undefined,
    isOwn: true,
  });
  expect(atStart(recordingOf({ start_time: EARLIER }), NOW).fields).toEqual({ start_time: EARLIER });
});

it.each<[string, SpanFields, Partial<Tracked>, SpanFields]>([
  ['all that is given, and when it ended', { score: 1 }, {}, { score: 1, end_time: NOW.toISOString() }],
  ['the end time that is given', { end_time: EARLIER }, {}, { end_time: EARLIER }],
  [
    'of what was sent at its start only meta, and never the start time',
    { ...ALL, start_time: NOW.toISOString() },
    { start_time: EARLIER, sent: ['start_time', 'name', 'input', 'meta'] },
    { score: 1, error: 'e', output: 'o', end_time: EARLIER, type: 't', meta: { a: 1 } },
  ],
  [
    'the original start time, if it could not be sent',
    { start_time: NOW.toISOString(), end_time: NOW.toISOString() },
    { start_time: EARLIER, exists: false },
    { start_time: EARLIER, end_time: NOW.toISOString() },
  ],
  [
    'a start time that only its end knows',
    { start_time: EARLIER, end_time: NOW.toISOString() },
    {},
    { start_time: EARLIER, end_time: NOW.toISOString() },
  ],
])('at its end a job records %s', (_, given, tracked, fields) => {
  const recording = recordingOf(given);
  const ended = atEnd(recording, { id: 'a', exists: true, sent: [], given: [], ...tracked }, NOW);
  expect(ended).toStrictEqual({ ...recording, fields, isOwn: true });
});

it('the end gets what the start saved, as text', () => {
  const tracked = { id: 'mine', exists: true, start_time: EARLIER, sent: ['start_time'], given: ['type'] };
  const uncertain = { ...tracked, exists: false, sent: [] };
  expect(beforeResponse(tracked)).toEqual(uncertain);
  expect([tracked, uncertain].map((state) => parseTracked(JSON.stringify(state)))).toEqual([
    tracked,
    uncertain,
  ]);
  expect(() => parseTracked('{"id": 7}')).toThrow(
    /^STATE_tracked is not what .* Only the step may set it\.$/,
  );
});
