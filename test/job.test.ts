import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type GitHubContext, jobOf } from '../src/job.ts';
import { factsOf, JOB_ID, JOB_URL, PUSH, RUN_URL } from './harness/push.ts';

function payloadOf(event: string): GitHubContext['payload'] {
  return JSON.parse(readFileSync(new URL(`fixtures/events/${event}.json`, import.meta.url), 'utf8'));
}

/** A payload with other values in its pull request or its triggering run. */
function changed(event: string, part: 'pull_request' | 'workflow_run', values: object) {
  const payload = payloadOf(event);
  return { ...payload, [part]: { ...payload[part], ...values } };
}

const { sha: SHA } = PUSH;
const MERGE_SHA = 'e5bd3914e2e596debea16f433f57875b5b90bcd6';
const BASE_SHA = '7638417db6d59f3c431d3e1f261cc637155684cd';
const PULL_SHA = 'ec26c3e57ca3a959ca5aad62de7213c562f8c821';
const FORK_SHA = '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c';
const QUEUE = `gh-readonly-queue/main/pr-31-${BASE_SHA}`;
const DEPENDABOT = 'dependabot[bot]';

/** The context of @actions/github outside of a runner: only undefined, NaN and a getter that throws. */
const OUTSIDE = {
  payload: {},
  runAttempt: Number.NaN,
  runId: Number.NaN,
  serverUrl: 'https://github.com',
  get repo(): never {
    throw new Error("context.repo requires a GITHUB_REPOSITORY environment variable like 'owner/repo'");
  },
} as unknown as GitHubContext;

const INPUTS = { job_status: 'success', job_check_run_id: JOB_ID } as const;
/** The facts of a push to main. */
const FACTS = factsOf('success');

const refFacts = (refs: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(refs).map(([name, value]) => [`vcs.${name}`, value]));

/** The facts of where a pull request comes from and where it goes. */
const pullFacts = (name: string, revision: string, id: string, title?: string) =>
  refFacts({
    'ref.head.name': name,
    'ref.head.revision': revision,
    'ref.base.name': 'main',
    'ref.base.revision': BASE_SHA,
    'change.id': id,
    ...(title && { 'change.title': title }),
  });

const EVENTS: readonly [
  event: string,
  context: Partial<GitHubContext>,
  facts: Readonly<Record<string, unknown>>,
][] = [
  ['push-branch', { ref: 'refs/heads/feature/shorter' }, refFacts({ 'ref.head.name': 'feature/shorter' })],
  ['push-tag', { ref: 'refs/tags/v1.4.0' }, refFacts({ 'ref.head.name': 'v1.4.0', 'ref.head.type': 'tag' })],
  [
    'pull-request',
    { eventName: 'pull_request', ref: 'refs/pull/31/merge', sha: MERGE_SHA },
    pullFacts('shorter-prompt', PULL_SHA, '31', 'Shorten the prompt'),
  ],
  [
    'pull-request-fork',
    { eventName: 'pull_request', ref: 'refs/pull/32/merge', sha: MERGE_SHA, actor: 'visitor' },
    { ...pullFacts('visitor:main', FORK_SHA, '32', 'Fix the greeting'), 'github.actor': 'visitor' },
  ],
  [
    'pull-request-target',
    { eventName: 'pull_request_target', sha: BASE_SHA },
    pullFacts('visitor:main', FORK_SHA, '32', 'Fix the greeting'),
  ],
  [
    'merge-group',
    { eventName: 'merge_group', ref: `refs/heads/${QUEUE}`, sha: PULL_SHA },
    refFacts({
      'ref.head.name': QUEUE,
      'ref.head.revision': PULL_SHA,
      'ref.base.name': 'main',
      'ref.base.revision': BASE_SHA,
    }),
  ],
  ['workflow-run', { eventName: 'workflow_run' }, pullFacts('shorter-prompt', PULL_SHA, '31')],
  ['schedule', { eventName: 'schedule' }, {}],
  [
    'workflow-dispatch',
    { eventName: 'workflow_dispatch', ref: 'refs/heads/release/2026-11' },
    refFacts({ 'ref.head.name': 'release/2026-11' }),
  ],
  [
    'release',
    { eventName: 'release', ref: 'refs/tags/v1.4.0' },
    refFacts({ 'ref.head.name': 'v1.4.0', 'ref.head.type': 'tag' }),
  ],
  [
    'push-enterprise',
    { serverUrl: 'https://github.example.com' },
    {
      'cicd.pipeline.run.url.full': RUN_URL.replace('github.com', 'github.example.com'),
      'cicd.pipeline.task.run.url.full': JOB_URL.replace('github.com', 'github.example.com'),
      'vcs.repository.url.full': 'https://github.example.com/acme/support-bot',
    },
  ],
];

describe('the facts of a job', () => {
  it.each(EVENTS)('on the event %s', (event, context, facts) => {
    const { facts: actual } = jobOf({ ...PUSH, payload: payloadOf(event), ...context }, INPUTS);
    const eventName = context.eventName ?? 'push';
    expect(actual).toEqual({ ...FACTS, 'github.event_name': eventName, ...facts });
  });

  it.each([
    ['success', 'success'],
    ['failure', 'failure'],
    ['cancelled', 'cancellation'],
    [undefined, undefined],
  ] as const)('name a job that is %s with the result %s', (job_status, result) => {
    const { facts, status } = jobOf(PUSH, { ...INPUTS, job_status });
    expect([facts['cicd.pipeline.task.run.result'], status]).toEqual([result, job_status]);
  });

  it('contain the matrix unchanged', () => {
    const job_matrix = { model: 'small-2', shard: [1, 4] };
    expect(jobOf(PUSH, { ...INPUTS, job_matrix }).facts).toEqual({
      ...FACTS,
      'github.matrix': job_matrix,
    });
  });

  it.each([[null], [undefined], [{}]])('contain no matrix if it is %j', (job_matrix) => {
    expect(jobOf(PUSH, { ...INPUTS, job_matrix }).facts).toEqual(FACTS);
  });

  it('are absent if they are unknown', () => {
    const unknown = { actor: '', workflow: '', job: '', ref: '', sha: '', runAttempt: Number.NaN };
    const repo = { owner: 'acme' } as GitHubContext['repo'];
    expect(jobOf({ ...PUSH, ...unknown, repo }, {}).facts).toEqual({
      'cicd.pipeline.run.id': '9123456789',
      'github.event_name': 'push',
    });
  });

  it.each<[string, Partial<GitHubContext>, Readonly<Record<string, string>>]>([
    [
      'a workflow_run after a push, whose head may be a tag',
      {
        payload: changed('workflow-run', 'workflow_run', {
          event: 'push',
          head_branch: 'v1',
          pull_requests: [],
        }),
      },
      { 'ref.head.name': 'v1', 'ref.head.revision': PULL_SHA },
    ],
    [
      'a workflow_run after pull_request_target',
      {
        payload: changed('workflow-run', 'workflow_run', {
          event: 'pull_request_target',
          pull_requests: [{ number: 31 }],
        }),
      },
      {
        'ref.head.name': 'shorter-prompt',
        'ref.head.type': 'branch',
        'ref.head.revision': PULL_SHA,
        'change.id': '31',
      },
    ],
    [
      'a workflow_run after a schedule',
      {
        payload: changed('workflow-run', 'workflow_run', {
          event: 'schedule',
          head_branch: 'nightly',
          pull_requests: [],
        }),
      },
      { 'ref.head.name': 'nightly', 'ref.head.type': 'branch', 'ref.head.revision': PULL_SHA },
    ],
    [
      'a workflow_run after a push to the default branch',
      {
        payload: changed('workflow-run', 'workflow_run', {
          event: 'push',
          head_branch: 'main',
          pull_requests: [],
        }),
      },
      { 'ref.head.name': 'main', 'ref.head.type': 'branch', 'ref.head.revision': PULL_SHA },
    ],
    ...[{ full_name: 'visitor/support-bot' }, null].map(
      (head_repository): [string, Partial<GitHubContext>, Readonly<Record<string, string>>] => [
        `a workflow_run for a pull request from ${head_repository ? 'a fork' : 'a fork that was deleted'}`,
        {
          payload: changed('workflow-run', 'workflow_run', {
            head_branch: 'main',
            head_repository,
            pull_requests: [],
          }),
        },
        {
          'ref.head.name': head_repository ? 'visitor:main' : 'unknown:main',
          'ref.head.type': 'branch',
          'ref.head.revision': PULL_SHA,
        },
      ],
    ),
    [
      'a workflow_run with little data',
      { payload: { workflow_run: { head_sha: PULL_SHA } } },
      { 'ref.head.revision': PULL_SHA },
    ],
    [
      'a workflow_run in an unknown repository',
      { payload: { workflow_run: { head_branch: 'main', head_repository: { full_name: 'acme/bot' } } } },
      { 'ref.head.name': 'acme:main' },
    ],
    [
      'a workflow_run from a repository without a name',
      {
        payload: { ...payloadOf('push-branch'), workflow_run: { head_branch: 'v1', head_repository: {} } },
      },
      { 'ref.head.name': 'unknown:v1' },
    ],
    [
      'a pull request without a base',
      { payload: { pull_request: { number: 7, head: { sha: PULL_SHA } } } },
      { 'ref.head.type': 'branch', 'ref.head.revision': PULL_SHA, 'change.id': '7' },
    ],
    ['a ref that is neither branch nor tag', { ref: 'refs/pull/31/merge' }, { 'ref.head.revision': SHA }],
    ['a ref that ends like a branch', { ref: 'refs/x/refs/heads/main' }, { 'ref.head.revision': SHA }],
  ])('of %s are those that are known', (_, context, refs) => {
    const { facts } = jobOf({ ...PUSH, ...context }, INPUTS);
    const ofRefs = Object.entries(facts).filter(([name]) => /^vcs\.(ref|change)/.test(name));
    expect(Object.fromEntries(ofRefs)).toEqual(refFacts(refs));
  });
});

it('outside of a runner nothing is known about a job', () => {
  expect(jobOf(OUTSIDE, { job_status: 'failure' })).toEqual({
    status: 'failure',
    endedBadly: true,
    error: 'The job failed',
    facts: { 'cicd.pipeline.task.run.result': 'failure' },
    links: {},
    title: 'GitHub Actions job',
    withholdsSecrets: false,
  });
});

it('the link to the job is the link to the run if the job has no id', () => {
  const commit = `https://github.com/acme/support-bot/commit/${SHA}`;
  expect([jobOf(PUSH, INPUTS).links, jobOf(PUSH, {}).links]).toEqual([
    { run: RUN_URL, job: JOB_URL, commit },
    { run: RUN_URL, job: RUN_URL, commit },
  ]);
  expect(jobOf({ ...PUSH, sha: '' }, {}).links).toEqual({ run: RUN_URL, job: RUN_URL });
  expect(jobOf({ ...PUSH, runId: Number.NaN }, INPUTS).links).toEqual({});
});

describe('a job is called', () => {
  it.each<[string, Partial<GitHubContext>, object | undefined]>([
    ['Evals / eval', {}, {}],
    ['Evals / eval', {}, undefined],
    [
      'Evals / eval (small-2, 3, false, 1, x, 2)',
      {},
      { model: 'small-2', shard: 3, cache: false, none: null, empty: '', more: { a: 1, b: ['x', [2]] } },
    ],
    ['Evals / eval', {}, { more: { a: '' } }],
    ['eval (1)', { workflow: '' }, { shard: 1 }],
    ['Evals', { job: '' }, { shard: 1 }],
  ])('%s', (title, context, job_matrix) => {
    expect(jobOf({ ...PUSH, ...context }, { job_matrix: job_matrix as never }).title).toBe(title);
  });
});

describe('the error of a job', () => {
  it('is one sentence with the job, matrix and workflow, what happened, and a link', () => {
    const inputs = { ...INPUTS, job_matrix: { model: 'small-2' } };
    const [failed, cancelled] = [
      jobOf(PUSH, { ...inputs, job_status: 'failure' }),
      jobOf(PUSH, { ...inputs, job_status: 'cancelled' }),
    ];
    expect([failed.endedBadly, failed.error]).toEqual([
      true,
      `Job eval (small-2) failed in workflow Evals: ${JOB_URL}`,
    ]);
    expect([cancelled.endedBadly, cancelled.error]).toEqual([
      true,
      `Job eval (small-2) was cancelled in workflow Evals: ${JOB_URL}`,
    ]);
  });

  it.each(['success', undefined] as const)('does not exist if its status is %s', (job_status) => {
    const { endedBadly, error } = jobOf(PUSH, { ...INPUTS, job_status });
    expect([endedBadly, error]).toEqual([false, undefined]);
  });
});

describe('GitHub withholds secrets', () => {
  const isWithheld = (eventName: string, payload: GitHubContext['payload'], actor = 'mona') =>
    jobOf({ ...PUSH, eventName, payload, actor }, INPUTS).withholdsSecrets;
  const fork = payloadOf('pull-request-fork');
  const ofDependabot = payloadOf('pull-request-dependabot');
  const pull = payloadOf('pull-request');
  const head = (payload: GitHubContext['payload'], repo: object | null) => ({
    head: { ...payload.pull_request?.head, repo },
  });

  it.each<[string, string, GitHubContext['payload'], string?]>([
    ['a pull request from a fork', 'pull_request', fork],
    ['a review of one', 'pull_request_review', fork],
    ['a comment in one', 'pull_request_review_comment', fork],
    [
      'one whose fork was deleted',
      'pull_request',
      changed('pull-request-fork', 'pull_request', head(fork, null)),
    ],
    ['pull_request_target on a pull request of Dependabot', 'pull_request_target', ofDependabot, DEPENDABOT],
    ...[
      'create',
      'deployment',
      'deployment_status',
      'pull_request',
      'pull_request_review',
      'pull_request_review_comment',
      'push',
    ].map((event): [string, string, object, string] => [`${event} of Dependabot`, event, {}, DEPENDABOT]),
  ])('from %s', (_, eventName, payload, actor) => {
    expect(isWithheld(eventName, payload, actor)).toBe(true);
  });

  const withinFork = { full_name: 'acme/support-bot', fork: true };
  it.each<[string, string, GitHubContext['payload'], string?]>([
    ['a pull request within the repository', 'pull_request', pull],
    ['one within a fork', 'pull_request', changed('pull-request', 'pull_request', head(pull, withinFork))],
    ['pull_request_target on one from a fork', 'pull_request_target', payloadOf('pull-request-target')],
    ['pull_request_target that Dependabot touched', 'pull_request_target', fork, DEPENDABOT],
    ['a pull request of Dependabot to which a person pushed', 'pull_request', ofDependabot],
    ['a workflow_run that Dependabot set off', 'workflow_run', payloadOf('workflow-run'), DEPENDABOT],
    ['a merge group', 'merge_group', payloadOf('merge-group')],
    ['a push', 'push', payloadOf('push-branch')],
    ['a pull request without a payload', 'pull_request', {}],
    ['a pull request of which nothing is known', 'pull_request', { pull_request: { number: 7 } }],
    ['one of unknown repositories', 'pull_request', { pull_request: { number: 7, head: {}, base: {} } }],
    ['pull_request_target without a payload', 'pull_request_target', {}, DEPENDABOT],
    [
      'pull_request_target of an unknown user',
      'pull_request_target',
      { pull_request: { number: 7, user: null } },
      DEPENDABOT,
    ],
  ])('not from %s', (_, eventName, payload, actor) => {
    expect(isWithheld(eventName, payload, actor)).toBe(false);
  });
});
