import { expect, it } from 'vitest';
import type { SpanFields } from '../../src/api/span.ts';
import type { Recording } from '../../src/plan/recording.ts';
import {
  atEnd,
  atStart,
  parseTracked,
  type Tracked,
  trackedBeforeResponse,
  trackedSpan,
} from '../../src/plan/track.ts';

const NOW = new Date('2026-04-07T13:33:27.179Z');
const EARLIER = '2026-04-07T13:00:00Z';
const recordingOf = (fields: SpanFields): Recording => ({
  fields,
  clear: ['type'],
  keepsMeta: true,
  jobError: 'Job eval failed',
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
    keepsMeta: true,
    jobError: undefined,
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
  const ended = atEnd(recording, { id: 'a', exists: true, sent: [], ...tracked }, NOW);
  expect(ended).toStrictEqual({ ...recording, fields });
});

it('the end gets what the start saved, as text', () => {
  const span = { id: 'mine', name: 'Evals / eval', start_time: EARLIER };
  const started = trackedBeforeResponse(span);
  const made = trackedSpan(span, recordingOf({ start_time: EARLIER, type: 't' }), 'theirs');
  // The name is only the title of the job, so the end may set a better one.
  expect([started, made]).toEqual([
    { id: 'mine', exists: false, start_time: EARLIER, sent: [] },
    { id: 'theirs', exists: true, start_time: EARLIER, sent: ['start_time', 'type'] },
  ]);
  expect([started, made].map((tracked) => parseTracked(JSON.stringify(tracked)))).toEqual([started, made]);
  expect(trackedSpan(span, recordingOf({})).id).toBe('mine');
  expect(() => parseTracked('{"id": 7}')).toThrow();
});
