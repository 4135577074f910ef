import { arch } from 'node:os';
import { JOB_ID, PUSH } from './push.ts';

/** The contexts of a job, merged over those of a push to `main` in a job that has succeeded so far. */
export interface GivenContexts {
  readonly github?: Readonly<Record<string, unknown>>;
  readonly job?: Readonly<Record<string, unknown>>;
  readonly matrix?: Readonly<Record<string, unknown>> | null;
  readonly strategy?: Readonly<Record<string, unknown>>;
  readonly runner?: Readonly<Record<string, unknown>>;
}

/** The contexts that an input's default may use. */
export type Contexts = Readonly<
  Record<'github' | 'job' | 'strategy' | 'runner', Readonly<Record<string, unknown>>>
> & {
  readonly matrix: Readonly<Record<string, unknown>> | null;
};

/** All contexts, complete. `github` and `runner` include what the caller gives. */
export function contextsOf(
  given: GivenContexts,
  github: Readonly<Record<string, unknown>>,
  runner: Readonly<Record<string, unknown>>,
): Contexts {
  return {
    matrix: given.matrix ?? null,
    github: githubContext({ ...github, ...given.github }),
    job: { status: 'success', check_run_id: Number(JOB_ID), ...given.job },
    strategy: { 'fail-fast': true, 'job-index': 0, 'job-total': 1, 'max-parallel': 1, ...given.strategy },
    runner: { os: runnerOs(), arch: arch().toUpperCase(), name: 'loopback', ...runner, ...given.runner },
  };
}

/** The plain values of the contexts `github` and `runner` as variables; the runner leaves objects out. */
export function contextVariables({ github, runner }: Contexts): Record<string, string> {
  return { ...variables('GITHUB_', github), ...variables('RUNNER_', runner) };
}

function variables(prefix: string, context: Readonly<Record<string, unknown>>): Record<string, string> {
  const plain = Object.entries(context).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(plain.map(([name, value]) => [`${prefix}${name.toUpperCase()}`, String(value)]));
}

const REPOSITORY = 'acme/support-bot';
export const DEFAULT_EVENT = {
  ref: 'refs/heads/main',
  repository: {
    name: 'support-bot',
    full_name: REPOSITORY,
    default_branch: 'main',
    owner: { login: 'acme' },
  },
  sender: { login: PUSH.actor },
};

/** The `github` context. Values that depend on a given `ref` or `repository` are derived, unless also given. */
function githubContext(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { ref = 'refs/heads/main', repository = REPOSITORY } = given;
  const [, kind, name] = /^refs\/(heads|tags|pull)\/(.+)$/.exec(String(ref)) ?? [];
  return {
    action: '__acme_opper-span-action',
    actor: PUSH.actor,
    actor_id: '583231',
    api_url: 'https://api.github.com',
    base_ref: '',
    event_name: 'push',
    graphql_url: 'https://api.github.com/graphql',
    head_ref: '',
    job: 'eval',
    ref_name: name ?? '',
    ref_protected: 'false',
    ref_type: kind === 'tags' ? 'tag' : 'branch',
    repository_id: '1296269',
    repository_owner: String(repository).split('/')[0],
    repository_owner_id: '9919',
    retention_days: '90',
    run_attempt: '1',
    run_id: String(PUSH.runId),
    run_number: '42',
    server_url: 'https://github.com',
    sha: PUSH.sha,
    triggering_actor: PUSH.actor,
    workflow: 'Evals',
    workflow_ref: `${repository}/.github/workflows/evals.yml@${ref}`,
    workflow_sha: PUSH.sha,
    ...given,
    ref,
    repository,
  };
}

function runnerOs(): string {
  return process.platform === 'win32' ? 'Windows' : process.platform === 'darwin' ? 'macOS' : 'Linux';
}
