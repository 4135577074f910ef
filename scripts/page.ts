import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

/** GitHub's colours: page, text, lines, stripes, code, links. */
const THEMES = {
  light: ['#fff', '#1f2328', '#d1d9e0', '#f6f8fa', '#818b981f', '#0969da'],
  dark: ['#0d1117', '#f0f6fc', '#3d444d', '#151b23', '#656c7633', '#4493f8'],
};
export type Theme = keyof typeof THEMES;
export const themes = Object.keys(THEMES) as Theme[];

/** A job summary as a web page that looks as on GitHub. */
export function pageOf(markdown: string, theme: Theme = 'light'): string {
  const [page, text, line, stripe, code, link] = THEMES[theme];
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  return `<!doctype html><meta charset="utf-8"><title>Job summary</title><style>
  body { margin: 0; padding: 16px; background: ${page}; color: ${text};
    font: 14px/1.5 "Liberation Sans", "Noto Color Emoji", sans-serif; }
  main { border: 1px solid ${line}; border-radius: 6px; }
  header { padding: 12px 16px; border-bottom: 1px solid ${line}; font-weight: 600; }
  article { padding: 16px 24px; overflow-wrap: break-word; }
  h3 { font-size: 17.5px; margin: 0 0 16px; }
  p, ul, table, details { margin: 0 0 16px; }
  ul { padding-left: 2em; }
  table { border-collapse: collapse; }
  th, td { border: 1px solid ${line}; padding: 6px 13px; text-align: left; }
  tr:nth-child(2n) { background: ${stripe}; }
  code, pre { font-family: "Liberation Mono", "Noto Color Emoji", monospace; font-size: 12px; }
  code { background: ${code}; border-radius: 6px; padding: .2em .4em; white-space: break-spaces; }
  pre { background: ${stripe}; border-radius: 6px; padding: 16px; margin: 8px 0 16px; overflow: auto; }
  pre code { background: none; padding: 0; }
  blockquote { margin: 0 0 16px; padding: 0 1em; border-left: .25em solid ${line}; }
  a { color: ${link}; }
</style>
<main><header>eval summary</header><article>${html}</article></main>`;
}
