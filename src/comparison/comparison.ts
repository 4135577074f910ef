import * as z from 'zod/mini';

const names = z.optional(z.array(z.string()));
/**
 * How the run differs from its baseline: the output `comparison`. Texts are the baseline's own, so they are untrusted. The step
 * never checks this schema, so only its type may be imported: then it is not in the bundle.
 */
export const Comparison = z.object({
  span_id: z.optional(z.string()),
  trace_id: z.string(),
  branch: z.string(),
  revision: z.optional(z.string()),
  /** Only if it is the address of a run in the same repository. */
  run_url: z.optional(z.string()),
  start_time: z.optional(z.string()),
  score: z.number(),
  score_change: z.number(),
  metrics: z.record(z.string(), z.object({ before: z.number(), after: z.number() })),
  newly_failed: names,
  no_longer_failing: names,
});
export type Comparison = z.infer<typeof Comparison>;
