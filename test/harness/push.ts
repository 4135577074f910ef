import type { GitHubContext } from '../../src/job.ts';

/** The context of @actions/github in the job `eval`, after a push to main. */
export const PUSH: GitHubContext = {
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
};
export const JOB_ID = '41234567890';
export const RUN_URL = `https://github.com/acme/support-bot/actions/runs/${PUSH.runId}`;
export const JOB_URL = `${RUN_URL}/job/${JOB_ID}`;

/** The CI facts of that job. How it went is known at its end only. */
export const factsOf = (result?: string) => ({
  'cicd.pipeline.name': 'Evals',
  'cicd.pipeline.run.id': '9123456789',
  'cicd.pipeline.run.url.full': RUN_URL,
  'cicd.pipeline.task.name': 'eval',
  'cicd.pipeline.task.run.id': JOB_ID,
  'cicd.pipeline.task.run.url.full': JOB_URL,
  ...(result !== undefined && { 'cicd.pipeline.task.run.result': result }),
  'vcs.provider.name': 'github',
  'vcs.owner.name': 'acme',
  'vcs.repository.name': 'support-bot',
  'vcs.repository.url.full': 'https://github.com/acme/support-bot',
  'vcs.ref.head.name': 'main',
  'vcs.ref.head.type': 'branch',
  'vcs.ref.head.revision': PUSH.sha,
  'github.event_name': 'push',
  'github.actor': 'mona',
  'github.run_attempt': 1,
});
