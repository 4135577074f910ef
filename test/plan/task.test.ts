import { expect, it } from 'vitest';
import { defaultInputs, type Inputs } from '../../src/inputs/inputs.ts';
import type { Job } from '../../src/job.ts';
import { EMPTY_RECORDING, type Recording } from '../../src/plan/recording.ts';
import { type Task, taskOf } from '../../src/plan/task.ts';
import type { Tracked } from '../../src/plan/track.ts';

const NOW = new Date('2026-04-07T13:33:27.179Z');
const EARLIER = '2026-04-07T13:00:00Z';
const JOB = { title: 'Evals / eval' } as Job;
const RECORDING: Recording = { ...EMPTY_RECORDING, fields: { score: 9, type: 't' } };
const AT_START = { start_time: NOW.toISOString(), type: 't' };
const AT_END = { ...RECORDING, isOwn: true, fields: { score: 9, type: 't', end_time: NOW.toISOString() } };
const taskFor = (inputs: Partial<Inputs>, tracked?: Tracked) =>
  taskOf({ ...defaultInputs(), ...inputs }, RECORDING, JOB, {
    now: NOW,
    newId: () => 'new',
    given: ['type'],
    tracked,
    lost: [],
  });

it.each<[Partial<Inputs>, Task]>([
  [
    { operation: 'get', span_id: 'a' },
    { kind: 'read', id: 'a' },
  ],
  [{ span_id: 'a' }, { kind: 'update', id: 'a', recording: RECORDING }],
  [
    { operation: 'create', parent_id: 'p' },
    { kind: 'create', span: { id: 'new', name: 'Evals / eval', parent_id: 'p', score: 9, type: 't' } },
  ],
  [
    { operation: 'track', trace_id: 't' },
    {
      kind: 'start',
      span: { id: 'new', name: 'Evals / eval', trace_id: 't', ...AT_START },
      tracked: {
        id: 'new',
        exists: true,
        start_time: AT_START.start_time,
        sent: ['start_time', 'type'],
        given: ['type'],
      },
    },
  ],
  [
    { operation: 'track', span_id: 'a', start_time: EARLIER },
    { kind: 'wait', tracked: { id: 'a', exists: true, start_time: EARLIER, sent: [], given: ['type'] } },
  ],
])('%j becomes a task', (inputs, task) => {
  expect(taskFor(inputs)).toEqual(task);
});

it('the end of a tracked job updates its span, or first makes sure that it exists', () => {
  const inputs = { operation: 'track', parent_id: 'p' } as const;
  const lost = { ...AT_END, fields: { ...AT_END.fields, start_time: EARLIER } };
  expect([
    taskFor(inputs, { id: 'a', exists: true, sent: ['type'], given: ['span_id'] }),
    taskFor(inputs, { id: 'a', exists: false, start_time: EARLIER, sent: [], given: [] }),
  ]).toEqual([
    {
      kind: 'end',
      id: 'a',
      recording: { ...AT_END, isOwn: false, fields: { score: 9, end_time: NOW.toISOString() } },
      span: undefined,
    },
    {
      kind: 'end',
      id: 'a',
      span: { id: 'a', name: 'Evals / eval', parent_id: 'p', ...lost.fields },
      recording: lost,
    },
  ]);
});
