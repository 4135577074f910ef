// @vercel/ncc ships no types. What scripts/build.ts uses of its programmatic interface (its readme, "Programmatically From Node.js").
declare module '@vercel/ncc' {
  interface Options {
    readonly cache?: false;
    readonly quiet?: boolean;
    readonly target?: string;
    /** Imports that are left as they are. */
    readonly externals?: readonly string[];
  }
  interface Result {
    readonly code: string;
    readonly assets: Readonly<Record<string, unknown>>;
  }
  export default function ncc(entry: string, options?: Options): Promise<Result>;
}
