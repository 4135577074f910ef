import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  ciFactsOf,
  type GitHubContext,
  type Job,
  jobErrorOf,
  linksOf,
  withholdsSecrets,
} from '../src/job.ts';

const JOB: Job = { status: 'success', matrix: null, checkRunId: '41234567890' };

function payloadOf(event: string): GitHubContext['payload'] {
  return JSON.parse(readFileSync(new URL(`fixtures/events/${event}.json`, import.meta.url), 'utf8'));
}

/** What @actions/github makes of a runner's variables: a push to main, unless told otherwise. */
function contextOf(overrides: Partial<GitHubContext> = {}): GitHubContext {
  return {
    actor: 'mona',
    eventName: 'push',
    job: 'eval',
    payload: {},
    ref: 'refs/heads/main',
    repo: { owner: 'acme', repo: 'support-bot' },
    runAttempt: 1,
    runId: 9123456789,
    serverUrl: 'https://github.com',
    sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
    workflow: 'Evals',
    ...overrides,
  };
}

/** What the class of @actions/github is outside a runner: nothing but undefined, NaN and a getter that throws. */
const OUTSIDE = {
  payload: {},
  runAttempt: Number.NaN,
  runId: Number.NaN,
  serverUrl: 'https://github.com',
  get repo(): never {
    throw new Error("context.repo requires a GITHUB_REPOSITORY environment variable like 'owner/repo'");
  },
} as unknown as GitHubContext;

const RUN = {
  'cicd.pipeline.name': 'Evals',
  'cicd.pipeline.run.id': '9123456789',
  'cicd.pipeline.run.url.full': 'https://github.com/acme/support-bot/actions/runs/9123456789',
  'cicd.pipeline.task.name': 'eval',
  'cicd.pipeline.task.run.id': '41234567890',
  'cicd.pipeline.task.run.url.full':
    'https://github.com/acme/support-bot/actions/runs/9123456789/job/41234567890',
  'cicd.pipeline.task.run.result': 'success',
  'vcs.provider.name': 'github',
  'vcs.owner.name': 'acme',
  'vcs.repository.name': 'support-bot',
  'vcs.repository.url.full': 'https://github.com/acme/support-bot',
  'github.actor': 'mona',
  'github.run_attempt': 1,
};

const EVENTS: readonly {
  readonly event: string;
  readonly context: Partial<GitHubContext>;
  readonly facts: Readonly<Record<string, unknown>>;
}[] = [
  {
    event: 'push-branch',
    context: { ref: 'refs/heads/feature/shorter-prompt' },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'feature/shorter-prompt',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      'github.event_name': 'push',
    },
  },
  {
    event: 'push-tag',
    context: { ref: 'refs/tags/v1.4.0' },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'v1.4.0',
      'vcs.ref.head.type': 'tag',
      'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      'github.event_name': 'push',
    },
  },
  {
    event: 'pull-request',
    context: {
      eventName: 'pull_request',
      ref: 'refs/pull/31/merge',
      sha: 'e5bd3914e2e596debea16f433f57875b5b90bcd6',
    },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'shorter-prompt',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': 'ec26c3e57ca3a959ca5aad62de7213c562f8c821',
      'vcs.ref.base.name': 'main',
      'vcs.ref.base.revision': '7638417db6d59f3c431d3e1f261cc637155684cd',
      'vcs.change.id': '31',
      'vcs.change.title': 'Shorten the prompt',
      'github.event_name': 'pull_request',
    },
  },
  {
    event: 'pull-request-fork',
    context: {
      actor: 'visitor',
      eventName: 'pull_request',
      ref: 'refs/pull/32/merge',
      sha: 'e5bd3914e2e596debea16f433f57875b5b90bcd6',
    },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'main',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
      'vcs.ref.base.name': 'main',
      'vcs.ref.base.revision': '7638417db6d59f3c431d3e1f261cc637155684cd',
      'vcs.change.id': '32',
      'vcs.change.title': 'Fix the greeting',
      'github.event_name': 'pull_request',
      'github.actor': 'visitor',
    },
  },
  {
    event: 'pull-request-target',
    context: {
      eventName: 'pull_request_target',
      ref: 'refs/heads/main',
      sha: '7638417db6d59f3c431d3e1f261cc637155684cd',
    },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'main',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
      'vcs.ref.base.name': 'main',
      'vcs.ref.base.revision': '7638417db6d59f3c431d3e1f261cc637155684cd',
      'vcs.change.id': '32',
      'vcs.change.title': 'Fix the greeting',
      'github.event_name': 'pull_request_target',
    },
  },
  {
    event: 'pull-request-dependabot',
    context: {
      actor: 'dependabot[bot]',
      eventName: 'pull_request',
      ref: 'refs/pull/33/merge',
      sha: 'e5bd3914e2e596debea16f433f57875b5b90bcd6',
    },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'dependabot/npm_and_yarn/zod-4.6.7',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '9fceb02d0ae598e95dc970b74767f19372d61af8',
      'vcs.ref.base.name': 'main',
      'vcs.ref.base.revision': '7638417db6d59f3c431d3e1f261cc637155684cd',
      'vcs.change.id': '33',
      'vcs.change.title': 'Bump zod from 4.6.6 to 4.6.7',
      'github.event_name': 'pull_request',
      'github.actor': 'dependabot[bot]',
    },
  },
  {
    event: 'schedule',
    context: { eventName: 'schedule' },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'main',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      'github.event_name': 'schedule',
    },
  },
  {
    event: 'workflow-dispatch',
    context: { eventName: 'workflow_dispatch', ref: 'refs/heads/release/2026-11' },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'release/2026-11',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      'github.event_name': 'workflow_dispatch',
    },
  },
  {
    event: 'merge-group',
    context: {
      eventName: 'merge_group',
      ref: 'refs/heads/gh-readonly-queue/main/pr-31-7638417db6d59f3c431d3e1f261cc637155684cd',
      sha: 'ec26c3e57ca3a959ca5aad62de7213c562f8c821',
    },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'gh-readonly-queue/main/pr-31-7638417db6d59f3c431d3e1f261cc637155684cd',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': 'ec26c3e57ca3a959ca5aad62de7213c562f8c821',
      'vcs.ref.base.name': 'main',
      'vcs.ref.base.revision': '7638417db6d59f3c431d3e1f261cc637155684cd',
      'github.event_name': 'merge_group',
    },
  },
  {
    event: 'workflow-run',
    context: { eventName: 'workflow_run' },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'shorter-prompt',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': 'ec26c3e57ca3a959ca5aad62de7213c562f8c821',
      'vcs.ref.base.name': 'main',
      'vcs.ref.base.revision': '7638417db6d59f3c431d3e1f261cc637155684cd',
      'vcs.change.id': '31',
      'github.event_name': 'workflow_run',
    },
  },
  {
    event: 'release',
    context: { eventName: 'release', ref: 'refs/tags/v1.4.0' },
    facts: {
      ...RUN,
      'vcs.ref.head.name': 'v1.4.0',
      'vcs.ref.head.type': 'tag',
      'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      'github.event_name': 'release',
    },
  },
  {
    event: 'push-enterprise',
    context: { serverUrl: 'https://github.example.com', runId: 4711 },
    facts: {
      ...RUN,
      'cicd.pipeline.run.id': '4711',
      'cicd.pipeline.run.url.full': 'https://github.example.com/acme/support-bot/actions/runs/4711',
      'cicd.pipeline.task.run.url.full':
        'https://github.example.com/acme/support-bot/actions/runs/4711/job/41234567890',
      'vcs.repository.url.full': 'https://github.example.com/acme/support-bot',
      'vcs.ref.head.name': 'main',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      'github.event_name': 'push',
    },
  },
];

describe('CI facts', () => {
  test.each(EVENTS)('of the event $event', ({ event, context, facts }) => {
    expect(ciFactsOf(contextOf({ payload: payloadOf(event), ...context }), JOB)).toEqual(facts);
  });

  test('are strings, numbers and the matrix, under dotted names without a level of their own', () => {
    const facts = ciFactsOf(contextOf(), { ...JOB, matrix: { model: 'small-2', shard: [1, 4] } });
    expect(facts['github.matrix']).toEqual({ model: 'small-2', shard: [1, 4] });
    expect(Object.keys(facts).filter((name) => !/^(cicd|vcs|github)\.[a-z_.]+$/.test(name))).toEqual([]);
  });

  test.each([
    ['success', 'success'],
    ['failure', 'failure'],
    ['cancelled', 'cancellation'],
    [undefined, undefined],
  ] as const)('name a job that is %s with the result %s', (status, result) => {
    expect(ciFactsOf(contextOf(), { ...JOB, status })['cicd.pipeline.task.run.result']).toBe(result);
  });

  test('that are not known are absent: outside a runner nothing is known', () => {
    expect(ciFactsOf(OUTSIDE, { status: undefined, matrix: undefined, checkRunId: undefined })).toEqual({});
  });

  test('that are not known are absent: empty variables, no check run id, a repository without an owner', () => {
    const context = contextOf({
      actor: '',
      workflow: '',
      job: '',
      ref: '',
      sha: '',
      repo: { owner: 'acme' } as GitHubContext['repo'],
      runAttempt: Number.NaN,
    });
    expect(ciFactsOf(context, { status: undefined, matrix: null, checkRunId: undefined })).toEqual({
      'cicd.pipeline.run.id': '9123456789',
      'github.event_name': 'push',
    });
  });

  test('of a workflow_run after a push leave open whether its head is a branch or a tag', () => {
    const payload = payloadOf('workflow-run');
    Object.assign(payload.workflow_run, { event: 'push', head_branch: 'v1.4.0', pull_requests: [] });
    const facts = ciFactsOf(contextOf({ eventName: 'workflow_run', payload }), JOB);
    expect(Object.entries(facts).filter(([name]) => /^vcs\.(ref|change)/.test(name))).toEqual([
      ['vcs.ref.head.name', 'v1.4.0'],
      ['vcs.ref.head.revision', 'ec26c3e57ca3a959ca5aad62de7213c562f8c821'],
    ]);
  });

  test('of a workflow_run after pull_request_target are of a branch', () => {
    const payload = payloadOf('workflow-run');
    Object.assign(payload.workflow_run, { event: 'pull_request_target', pull_requests: [{ number: 31 }] });
    const facts = ciFactsOf(contextOf({ eventName: 'workflow_run', payload }), JOB);
    expect(Object.entries(facts).filter(([name]) => /^vcs\.(ref|change)/.test(name))).toEqual([
      ['vcs.ref.head.name', 'shorter-prompt'],
      ['vcs.ref.head.type', 'branch'],
      ['vcs.ref.head.revision', 'ec26c3e57ca3a959ca5aad62de7213c562f8c821'],
      ['vcs.change.id', '31'],
    ]);
  });

  test.each<[string, Partial<GitHubContext>, [string, unknown][]]>([
    ['a workflow_run of which little is known', { payload: { workflow_run: { head_sha: 'ec26' } } }, []],
    [
      'a pull request without a base',
      { payload: { pull_request: { number: 7, head: { sha: 'ec26' } } } },
      [
        ['vcs.ref.head.type', 'branch'],
        ['vcs.change.id', '7'],
      ],
    ],
    ['a ref that is neither branch nor tag', { ref: 'refs/pull/31/merge', sha: 'ec26' }, []],
  ])('of %s are what is left', (_, context, others) => {
    const facts = ciFactsOf(contextOf(context), JOB);
    const ofHead = Object.entries(facts).filter(([name]) => /^vcs\.(ref|change)/.test(name));
    expect(Object.fromEntries(ofHead)).toEqual({
      'vcs.ref.head.revision': 'ec26',
      ...Object.fromEntries(others),
    });
  });

  test('of a pull request whose fork was deleted are those of its head all the same', () => {
    const payload = payloadOf('pull-request-fork');
    Object.assign(payload.pull_request?.head, { repo: null, user: null });
    const facts = ciFactsOf(contextOf({ eventName: 'pull_request', payload }), JOB);
    expect(facts['vcs.ref.head.revision']).toBe('0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c');
  });
});

describe('links', () => {
  test('lead to the run and to the job', () => {
    expect(linksOf(contextOf(), JOB)).toEqual({
      run: 'https://github.com/acme/support-bot/actions/runs/9123456789',
      job: 'https://github.com/acme/support-bot/actions/runs/9123456789/job/41234567890',
    });
  });

  test.each([[undefined], ['']])(
    'to the job are the one to the run where the check run id is %j',
    (checkRunId) => {
      expect(linksOf(contextOf(), { ...JOB, checkRunId })).toEqual({
        run: 'https://github.com/acme/support-bot/actions/runs/9123456789',
        job: 'https://github.com/acme/support-bot/actions/runs/9123456789',
      });
    },
  );

  test('are absent outside a runner', () => {
    expect(linksOf(OUTSIDE, JOB)).toEqual({});
  });
});

describe('the error of a job', () => {
  test.each<[string, GitHubContext, Partial<Job>, string | undefined]>([
    [
      'names the job, the workflow and where to look when it failed',
      contextOf(),
      { status: 'failure' },
      'Job eval failed in workflow Evals: https://github.com/acme/support-bot/actions/runs/9123456789/job/41234567890',
    ],
    [
      'says so when it was cancelled, and links to the run where the job has no id',
      contextOf(),
      { status: 'cancelled', checkRunId: undefined },
      'Job eval was cancelled in workflow Evals: https://github.com/acme/support-bot/actions/runs/9123456789',
    ],
    [
      'tells the jobs of a matrix apart as GitHub does',
      contextOf(),
      { status: 'failure', matrix: { model: 'small-2', shard: 3, cache: false, include: { a: 1 } } },
      'Job eval (small-2, 3, false) failed in workflow Evals: https://github.com/acme/support-bot/actions/runs/9123456789/job/41234567890',
    ],
    [
      'names no matrix of which nothing can be named',
      contextOf(),
      { status: 'failure', matrix: { include: { a: 1 } } },
      'Job eval failed in workflow Evals: https://github.com/acme/support-bot/actions/runs/9123456789/job/41234567890',
    ],
    ['is still a sentence outside a runner', OUTSIDE, { status: 'failure' }, 'The job failed'],
    ['does not exist when it succeeded', contextOf(), { status: 'success' }, undefined],
    ['does not exist when nobody knows how it went', contextOf(), { status: undefined }, undefined],
  ])('%s', (_, context, job, expected) => {
    expect(jobErrorOf(context, { ...JOB, ...job })).toBe(expected);
  });
});

describe('GitHub withholds secrets', () => {
  const deletedFork = payloadOf('pull-request-fork');
  Object.assign(deletedFork.pull_request?.head, { repo: null });
  const withinFork = payloadOf('pull-request');
  for (const side of ['head', 'base']) Object.assign(withinFork.pull_request?.[side].repo, { fork: true });
  const bot = 'dependabot[bot]';

  test.each<[string, Partial<GitHubContext>]>([
    ['a pull request from a fork', { eventName: 'pull_request', payload: payloadOf('pull-request-fork') }],
    ['a review of one', { eventName: 'pull_request_review', payload: payloadOf('pull-request-fork') }],
    [
      'a comment in one',
      { eventName: 'pull_request_review_comment', payload: payloadOf('pull-request-fork') },
    ],
    ['a pull request whose fork was deleted', { eventName: 'pull_request', payload: deletedFork }],
    [
      'a pull request of Dependabot',
      { eventName: 'pull_request', actor: bot, payload: payloadOf('pull-request-dependabot') },
    ],
    ['a push of Dependabot', { eventName: 'push', actor: bot, payload: payloadOf('push-branch') }],
    ...[
      'create',
      'deployment',
      'deployment_status',
      'pull_request_review',
      'pull_request_review_comment',
    ].map((eventName): [string, Partial<GitHubContext>] => [
      `the event ${eventName} of Dependabot`,
      { eventName, actor: bot },
    ]),
    [
      'pull_request_target on a pull request of Dependabot',
      { eventName: 'pull_request_target', actor: bot, payload: payloadOf('pull-request-dependabot') },
    ],
  ])('from %s', (_, context) => {
    expect(withholdsSecrets(contextOf(context))).toBe(true);
  });

  test.each<[string, Partial<GitHubContext>]>([
    [
      'a pull request within the repository',
      { eventName: 'pull_request', payload: payloadOf('pull-request') },
    ],
    ['a pull request within a repository that is a fork', { eventName: 'pull_request', payload: withinFork }],
    [
      'pull_request_target on a pull request from a fork',
      { eventName: 'pull_request_target', payload: payloadOf('pull-request-target') },
    ],
    [
      'pull_request_target on a pull request of somebody else that Dependabot touched',
      { eventName: 'pull_request_target', actor: bot, payload: payloadOf('pull-request-target') },
    ],
    [
      'a pull request of Dependabot to which a person pushed',
      { eventName: 'pull_request', payload: payloadOf('pull-request-dependabot') },
    ],
    [
      'a workflow_run that Dependabot set off',
      { eventName: 'workflow_run', actor: bot, payload: payloadOf('workflow-run') },
    ],
    ['a merge group', { eventName: 'merge_group', payload: payloadOf('merge-group') }],
    ['a push', { payload: payloadOf('push-branch') }],
    ['a schedule', { eventName: 'schedule', payload: payloadOf('schedule') }],
    ['a pull_request event without a payload', { eventName: 'pull_request' }],
    ...[undefined, { number: 7 }, { number: 7, user: null, head: {}, base: {} }].flatMap((pull) =>
      [
        { eventName: 'pull_request', actor: 'mona' },
        { eventName: 'pull_request_target', actor: bot },
      ].map(({ eventName, actor }): [string, Partial<GitHubContext>] => [
        `${eventName} of ${actor} with the payload ${JSON.stringify(pull)}`,
        { eventName, actor, payload: { ...(pull && { pull_request: pull }) } },
      ]),
    ),
  ])('not from %s', (_, context) => {
    expect(withholdsSecrets(contextOf(context))).toBe(false);
  });

  test('not outside a runner', () => {
    expect(withholdsSecrets(OUTSIDE)).toBe(false);
  });
});
