import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import event from '../../test/fixtures/events/pull-request-fork.json' with { type: 'json' };
import type { JobOptions } from '../../test/harness/job.ts';
import type { Span, SpanServer } from '../../test/harness/span-server.ts';

/** A job to show: the action's step and the steps around it. */
export interface Scenario {
  readonly shows: string;
  readonly with: Readonly<Record<string, string>>;
  /** The job's own steps, before or after the action's. Default: none. */
  readonly before?: readonly OwnStep[];
  readonly after?: readonly OwnStep[];
  /** The fields of an existing span. Without it, the step creates its span. */
  readonly span?: Partial<Span>;
  readonly context?: NonNullable<JobOptions['context']>;
  readonly event?: object;
  readonly withoutKey?: boolean;
  /** The API returns 503 until a step ends the outage. */
  readonly outage?: boolean;
  /** The job of an earlier run, which goes first. */
  readonly earlier?: Scenario;
}

/** One of the job's own steps: the command to show, and what to do instead. */
export interface OwnStep {
  readonly run: string;
  act(job: { readonly workspace: string; readonly server: SpanServer; cancel(): void }): void;
}

const REPORT = 'reports/pytest.xml';

/** pytest on four answers of a support bot. */
function pytest(wrong: 'one wrong' | 'all right', then: 'fails' | 'goes on' = 'goes on'): OwnStep {
  const cases = ['refund', 'parcel', 'invoice', 'password'].map((name) => {
    const isWrong = wrong === 'one wrong' && name === 'invoice';
    const failure = '<failure message="AssertionError: the answer names no date">assert None</failure>';
    return `<testcase classname="test_answers" name="test_${name}" time="0.21">${isWrong ? failure : ''}</testcase>`;
  });
  return {
    run: `pytest --junitxml=${REPORT}${then === 'goes on' && wrong === 'one wrong' ? ' || true' : ''}`,
    act({ workspace }) {
      mkdirSync(join(workspace, 'reports'));
      const suite = `<testsuite name="pytest" tests="${cases.length}">${cases.join('')}</testsuite>`;
      writeFileSync(join(workspace, REPORT), `<testsuites>${suite}</testsuites>`);
      if (then === 'fails') throw new Error('Process completed with exit code 1.');
    },
  };
}

const DEPLOY: OwnStep = {
  run: './deploy.sh',
  act() {
    throw new Error('Process completed with exit code 1.');
  },
};

const COMPARED = {
  operation: 'track',
  results_file: REPORT,
  case_spans: 'failed',
  baseline: 'main',
  max_drop: '5',
};
const PULL = {
  github: {
    event_name: 'pull_request',
    ref: 'refs/pull/7/merge',
    head_ref: 'shorter-prompt',
    base_ref: 'main',
  },
  event: {
    action: 'synchronize',
    number: 7,
    pull_request: {
      number: 7,
      title: 'Shorten the prompt',
      head: {
        ref: 'shorter-prompt',
        sha: 'b1946ac92492d2347c6235b4d2611184a1b2c3d4',
        repo: { full_name: 'acme/support-bot' },
      },
      base: {
        ref: 'main',
        sha: '5c1b1d3a0a8b0c2c7d4e6f8091a2b3c4d5e6f708',
        repo: { full_name: 'acme/support-bot' },
      },
    },
    repository: { name: 'support-bot', full_name: 'acme/support-bot', owner: { login: 'acme' } },
  },
};

const TRACK = { operation: 'track', results_file: REPORT, min_score: '75' };
export const STORED = {
  name: 'Answer support tickets',
  type: 'evaluation',
  input: '100 tickets',
  meta: { prompt_version: 12 },
};

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  track: {
    shows: 'one step, placed first, records the whole job on one span',
    with: TRACK,
    after: [pytest('all right')],
  },
  'track-tests-fail': {
    shows: 'the tests fail: score and error come from their report',
    with: TRACK,
    after: [pytest('one wrong', 'fails')],
  },
  'track-step-fails': {
    shows: 'the tests pass and a later step fails: the span says so',
    with: TRACK,
    after: [pytest('all right'), DEPLOY],
  },
  'track-cancelled': {
    shows: 'the job is cancelled: the span is ended anyway',
    with: TRACK,
    after: [{ run: 'pytest', act: ({ cancel }) => cancel() }],
  },
  'track-no-results': {
    shows: 'the tests write no report: the step fails, and the span is ended and says why',
    with: TRACK,
    after: [{ run: 'pytest', act() {} }],
  },
  'track-min-score': {
    shows: 'the score is below min_score: the step fails after the span was written',
    with: { ...TRACK, min_score: '80' },
    after: [pytest('one wrong')],
  },
  'track-outage': {
    shows: 'the API is down when the job starts: the span is created at the end',
    with: { ...TRACK, retries: '1' },
    outage: true,
    after: [
      { run: 'sleep 60 # then the API is up again', act: ({ server }) => void server.faults.splice(0) },
      pytest('all right'),
    ],
  },
  compared: {
    shows:
      'a pull request is worse than main: the summary says which cases fail now, and max_drop fails the job',
    with: COMPARED,
    after: [pytest('one wrong')],
    context: { github: { ...PULL.github, run_id: '9123456790' } },
    event: PULL.event,
    earlier: { shows: 'first a run of main', with: COMPARED, after: [pytest('all right')] },
  },
  create: {
    shows: 'one step after the tests creates a finished span from their report',
    with: {
      operation: 'create',
      results_file: REPORT,
      start_time: '2026-11-20T12:00:00Z',
      end_time: '2026-11-20T12:00:42Z',
      case_spans: 'failed',
    },
    before: [pytest('one wrong')],
  },
  update: {
    shows: 'a score, an error, meta and the end time are recorded on a span that exists',
    span: STORED,
    with: {
      score: '87',
      error: '13 of 100 answers differ from the reference',
      meta: '{"dataset": "support-v3", "model": "small-2"}',
      end_time: 'now',
    },
  },
  'failed-job': {
    shows: 'an earlier step failed; the action gets only the span',
    span: STORED,
    with: {},
    before: [DEPLOY],
    context: { matrix: { model: 'small-2', dataset: 'support-v3' } },
  },
  gate: {
    shows: 'a score below min_score fails the step, after the span was written',
    span: STORED,
    with: { score: '0.62', score_scale: '100', min_score: '80', end_time: 'now' },
  },
  'dry-run': {
    shows: 'the request is shown and not sent; no key is needed',
    span: STORED,
    with: { score: '87', meta: '{"dataset": "support-v3"}', dry_run: 'true' },
    withoutKey: true,
  },
  fork: {
    shows: 'a pull request from a fork, where GitHub withholds the key, is skipped',
    span: STORED,
    with: { score: '87' },
    withoutKey: true,
    context: {
      github: { event_name: 'pull_request', ref: 'refs/pull/32/merge', head_ref: 'main', base_ref: 'main' },
    },
    event,
  },
  get: {
    shows: 'the span is only read, including human feedback',
    span: { ...STORED, score: 87, feedback: { score: 1, comment: 'Friendly and right' } },
    with: { operation: 'get' },
  },
  'api-down': {
    shows: 'the API returns 503 to everything; the step tries again, then says so',
    span: STORED,
    with: { score: '87', retries: '2' },
    outage: true,
  },
};
