/** What `scripts/action-yml.ts` makes of action.yml while src is bundled or tested. */
declare module '*.yml' {
  /** Every input of action.yml with its default; empty where there is none, or where the runner computes it. */
  export const defaults: Readonly<Record<string, string>>;
}
