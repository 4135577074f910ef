import type { context } from '@actions/github';
import type { Json, JsonObject } from './json.ts';
import { present } from './present.ts';

/** GitHub's context, as @actions/github reads it from the runner's variables and the event's payload. */
export type GitHubContext = Pick<
  typeof context,
  | 'actor'
  | 'eventName'
  | 'job'
  | 'payload'
  | 'ref'
  | 'repo'
  | 'runAttempt'
  | 'runId'
  | 'serverUrl'
  | 'sha'
  | 'workflow'
>;

/** The name of the fact that says how the job went: `success`, `failure` or `cancellation`. */
export const RESULT_FACT = 'cicd.pipeline.task.run.result';

/** Job facts that only expressions in action.yml can read. */
interface JobInputs {
  readonly job_status?: 'success' | 'failure' | 'cancelled' | undefined;
  /** The matrix values of this job; null or absent if it has no matrix. */
  readonly job_matrix?: Json | undefined;
  readonly job_check_run_id?: string | undefined;
}

/** What the step knows about the job it runs in. */
export interface Job {
  readonly status: JobInputs['job_status'];
  /** Whether it failed or was cancelled. */
  readonly endedBadly: boolean;
  /** A sentence to record as the span's error; undefined unless it failed or was cancelled. */
  readonly error: string | undefined;
  /** Where it ran and how it went, for `meta`. */
  readonly facts: JsonObject;
  /** The pages of the run, of the job and of the commit. Without the job's id, the first two are the run's page. */
  readonly links: { readonly run?: string; readonly job?: string; readonly commit?: string };
  /** `Evals / test (3.12)`: workflow, job and matrix, to name a span after. */
  readonly title: string;
  /** Whether GitHub withholds secrets from this run. */
  readonly withholdsSecrets: boolean;
}

/** Whether a job or step with this outcome failed or was cancelled. */
export function isBadEnd(outcome: string | undefined): boolean {
  return outcome === 'failure' || outcome === 'cancelled';
}

/** The job, from GitHub's context and the inputs that only the runner can fill in. */
export function jobOf(context: GitHubContext, inputs: JobInputs): Job {
  const { job_status: status } = inputs;
  const links = linksOf(context, inputs);
  const name = `${context.job}${matrixText(inputs.job_matrix)}`;
  const ending = status === 'failure' ? 'failed' : 'was cancelled';
  const where = `${context.workflow ? ` in workflow ${context.workflow}` : ''}${links.job ? `: ${links.job}` : ''}`;
  return {
    status,
    endedBadly: isBadEnd(status),
    error: isBadEnd(status) ? `${context.job ? `Job ${name}` : 'The job'} ${ending}${where}` : undefined,
    facts: factsOf(context, inputs, links),
    links,
    title: present([context.workflow, context.job && name]).join(' / ') || 'GitHub Actions job',
    withholdsSecrets: withholdsSecrets(context),
  };
}

/**
 * Where the job ran and how it went, as a flat object. The names are those of OpenTelemetry's semantic conventions for CICD
 * and VCS (opentelemetry.io/docs/specs/semconv/registry/attributes, cicd and vcs), or `github.*` if there is none.
 * The head is the commit that was tested: for a pull request its last commit, not the merge commit; for `workflow_run` the
 * head of the run that triggered this one. Unknown facts are absent.
 */
function factsOf(context: GitHubContext, inputs: JobInputs, links: Job['links']): JsonObject {
  const { head, base, change } = refsOf(context);
  const repo = repoOf(context);
  const { job_status: status } = inputs;
  return known({
    'cicd.pipeline.name': context.workflow,
    'cicd.pipeline.run.id': idOf(context.runId),
    'cicd.pipeline.run.url.full': links.run,
    'cicd.pipeline.task.name': context.job,
    'cicd.pipeline.task.run.id': inputs.job_check_run_id,
    'cicd.pipeline.task.run.url.full': links.job,
    [RESULT_FACT]: status === 'cancelled' ? 'cancellation' : status,
    'vcs.provider.name': repo && 'github',
    'vcs.owner.name': repo?.owner,
    'vcs.repository.name': repo?.name,
    'vcs.repository.url.full': repo?.url,
    'vcs.ref.head.name': head.name,
    'vcs.ref.head.type': head.type,
    'vcs.ref.head.revision': head.revision,
    'vcs.ref.base.name': base?.name,
    'vcs.ref.base.revision': base?.revision,
    'vcs.change.id': idOf(change?.number),
    'vcs.change.title': change?.title,
    'github.event_name': context.eventName,
    'github.actor': context.actor,
    'github.run_attempt': context.runAttempt,
    'github.matrix': inputs.job_matrix,
  });
}

function linksOf(context: GitHubContext, { job_check_run_id: id }: JobInputs): Job['links'] {
  const repo = repoOf(context);
  const runId = idOf(context.runId);
  if (!repo || !runId) return {};
  const { url } = repo;
  const run = `${url}/actions/runs/${runId}`;
  const { revision } = refsOf(context).head;
  return {
    run,
    job: id ? `${run}/job/${id}` : run,
    ...(revision && { commit: `${url}/commit/${revision}` }),
  };
}

const DEPENDABOT = 'dependabot[bot]';
// docs.github.com, "Troubleshooting Dependabot on GitHub Actions", "Restrictions when Dependabot triggers events".
const WITHHELD_FROM_FORKS = ['pull_request', 'pull_request_review', 'pull_request_review_comment'];
const WITHHELD_FROM_DEPENDABOT = [
  ...WITHHELD_FROM_FORKS,
  'create',
  'deployment',
  'deployment_status',
  'push',
];

/**
 * Whether GitHub withholds secrets from this run: for pull requests from forks, and for most events that Dependabot triggers,
 * no matter who re-runs them. `pull_request_target` runs with secrets even for forks, but not if Dependabot opened the pull
 * request (docs.github.com, "Securely using pull_request_target").
 */
function withholdsSecrets({ actor, eventName, payload: { pull_request: pull } }: GitHubContext): boolean {
  if (actor === DEPENDABOT) {
    return eventName === 'pull_request_target'
      ? pull?.user?.login === DEPENDABOT
      : WITHHELD_FROM_DEPENDABOT.includes(eventName);
  }
  if (!WITHHELD_FROM_FORKS.includes(eventName)) return false;
  // If the fork was deleted, the head has no repository.
  return pull !== undefined && pull.head?.repo?.full_name !== pull.base?.repo?.full_name;
}

interface Ref {
  readonly name?: string | undefined;
  readonly type?: 'branch' | 'tag' | undefined;
  readonly revision?: string | undefined;
}

interface Refs {
  readonly head: Ref;
  readonly base?: Ref;
  readonly change?: { readonly number?: number; readonly title?: string };
}

// The payloads: docs.github.com/webhooks/webhook-events-and-payloads.
function refsOf({ payload, ref, sha }: GitHubContext): Refs {
  const { pull_request: pull, merge_group: group, workflow_run: trigger } = payload;
  if (pull?.head) {
    return {
      head: branchRef(labelOf(pull.head.ref, pull.head.repo, pull.base?.repo), pull.head.sha),
      base: branchRef(pull.base?.ref, pull.base?.sha),
      change: pull,
    };
  }
  if (group) {
    return { head: refOf(group.head_ref, group.head_sha), base: refOf(group.base_ref, group.base_sha) };
  }
  if (trigger) {
    const change = trigger.pull_requests?.[0];
    // After a push of a tag, head_branch is the name of the tag.
    const isBranch =
      /pull_request|schedule/.test(trigger.event) ||
      (trigger.head_branch && trigger.head_branch === payload.repository?.default_branch);
    const name = labelOf(trigger.head_branch, trigger.head_repository, payload.repository);
    const head = { name, type: isBranch ? 'branch' : undefined, revision: trigger.head_sha } as const;
    return { head, ...(change && { base: branchRef(change.base?.ref, change.base?.sha), change }) };
  }
  return { head: refOf(ref, sha) };
}

interface Repository {
  readonly full_name?: string | undefined;
}

/**
 * The name of a branch, `owner:branch` if it is in another repository, as GitHub labels it. So nobody can pass off a branch of a
 * fork as one of this repository. A fork that was deleted is null.
 */
function labelOf(
  name: string | undefined,
  head: Repository | null | undefined,
  own: Repository | undefined,
): string | undefined {
  if (!name || (head && head.full_name === own?.full_name)) return name;
  return `${head?.full_name?.split('/')[0] ?? 'unknown'}:${name}`;
}

function branchRef(name: string | undefined, revision: string | undefined): Ref {
  return { name, type: 'branch', revision };
}

function refOf(ref: string | undefined, revision: string | undefined): Ref {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)/s.exec(`${ref}`) ?? [];
  if (!kind) return { revision };
  return { name, type: kind === 'tags' ? 'tag' : 'branch', revision };
}

function repoOf(context: GitHubContext) {
  try {
    const { owner, repo: name } = context.repo;
    return owner && name ? { owner, name, url: `${context.serverUrl}/${owner}/${name}` } : undefined;
  } catch {
    // The getter throws outside of a runner.
    return undefined;
  }
}

function idOf(number: number | undefined): string | undefined {
  return Number.isInteger(number) ? String(number) : undefined;
}

/** ` (3.12, ubuntu-latest)`, as GitHub names the jobs of a matrix: every plain value at any depth, in order. */
function matrixText(matrix: Json | undefined): string {
  const values = plainValuesIn(matrix ?? null).join(', ');
  return values && ` (${values})`;
}

function plainValuesIn(json: Json): string[] {
  if (typeof json === 'object' && json !== null) return Object.values(json).flatMap(plainValuesIn);
  return json === null || json === '' ? [] : [String(json)];
}

/** Drops facts without a value: undefined, null, NaN (which JSON writes as `null`), an empty text, or an empty object. */
function known(facts: Record<string, Json | undefined>): JsonObject {
  const isKnown = ([, value]: [string, Json | undefined]) =>
    ![undefined, 'null', '""', '{}'].includes(JSON.stringify(value));
  return Object.fromEntries(Object.entries(facts).filter(isKnown)) as JsonObject;
}
