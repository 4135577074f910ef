// @vercel/ncc ships no types. This is the part that scripts/build.ts uses (its readme, "Programmatically From Node.js").
declare module '@vercel/ncc' {
  interface Options {
    readonly cache?: false;
    readonly quiet?: boolean;
    readonly target?: string;
    /** Imports to leave unchanged. */
    readonly externals?: readonly string[];
  }
  interface Result {
    readonly code: string;
    readonly assets: Readonly<Record<string, unknown>>;
  }
  export default function ncc(entry: string, options?: Options): Promise<Result>;
}
