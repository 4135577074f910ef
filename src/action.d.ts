/** What `scripts/action-yml.ts` turns action.yml into when src is bundled or tested. */
declare module '*.yml' {
  /** The default of every input in action.yml; empty if there is none, or if the runner computes it. */
  export const defaults: Readonly<Record<string, string>>;
}
