import { EOL } from 'node:os';
import { StringDecoder } from 'node:string_decoder';

/** A workflow command as the runner reads it: version 2 is `::name key=value::message`, version 1 `##[name key=value]message`. */
export interface Command {
  readonly version: 1 | 2;
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** What the runner reads from a step's output. */
export interface Processed {
  /** The lines that are not commands, with everything masked so far as `***`. */
  readonly log: string[];
  readonly commands: Command[];
  readonly annotations: Annotation[];
  readonly masks: string[];
  /** Outputs set by the old `set-output` command. */
  readonly outputs: Record<string, string>;
}

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

// The commands that the runner registers for a step. Anything else that looks like one is plain text.
const REGISTERED = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
];

// White space as .NET's TrimStart sees it, which is not what \s is.
const LEADING_SPACE = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * The command in a line, `undefined` when there is none. As in the runner, version 2 has to begin the line (white space before it aside),
 * version 1 may be anywhere in it.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function parseCommand(line: string, registered: readonly string[] = REGISTERED): Command | undefined {
  return parseV2(line, registered) ?? parseV1(line, registered);
}

function parseV2(line: string, registered: readonly string[]): Command | undefined {
  const [, info, message] = /^::([\s\S]*?)::([\s\S]*)$/.exec(line.replace(LEADING_SPACE, '')) ?? [];
  if (info === undefined || message === undefined) return undefined;
  const found = nameAndProperties(info, registered, ',', '\r\n:,%');
  return found && { version: 2, ...found, message: unescaped(message, '\r\n%') };
}

function parseV1(line: string, registered: readonly string[]): Command | undefined {
  const [, info, message] = /##\[([^\]]*)\]([\s\S]*)$/.exec(line) ?? [];
  if (info === undefined || message === undefined) return undefined;
  const found = nameAndProperties(info, registered, ';', ';\r\n]%');
  return found && { version: 1, ...found, message: unescaped(message, ';\r\n]%') };
}

/** `name key=value<separator>key=value`, values unescaped. `undefined` when the name is no command's. */
function nameAndProperties(
  info: string,
  registered: readonly string[],
  separator: string,
  escaped: string,
): Pick<Command, 'name' | 'properties'> | undefined {
  const [, name = '', list = ''] = /^([^ ]*) ?([\s\S]*)$/.exec(info) ?? [];
  if (!registered.some((each) => each.toLowerCase() === name.toLowerCase())) return undefined;
  const pairs = list
    .trim()
    .split(separator)
    .flatMap((part) => {
      const [, key, value] = /^([^=]+)=([\s\S]+)$/.exec(part) ?? [];
      return key === undefined || value === undefined ? [] : [[key, unescaped(value, escaped)] as const];
    });
  return { name: name.toLowerCase(), properties: Object.fromEntries(pairs) };
}

/** Unescapes the `%XX` of these characters, one after the other, in this order. */
function unescaped(text: string, characters: string): string {
  const code = (character: string) => character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
  return [...characters].reduce((rest, character) => rest.replaceAll(`%${code(character)}`, character), text);
}

/** Reads a step's output like the runner, line by line, including `stop-commands`. `masks` are those of earlier steps. */
export function createProcessor(masks: readonly string[] = []): {
  line(line: string): void;
  readonly result: Processed;
} {
  const result: Processed = { log: [], commands: [], annotations: [], masks: [...masks], outputs: {} };
  let stopToken: string | undefined;

  const mask = (text: string): string =>
    result.masks.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);

  function act({ name, properties, message }: Command): void {
    if (name === 'stop-commands') stopToken = message;
    if (name === 'set-output' && properties.name !== undefined) result.outputs[properties.name] = message;
    if (name === 'add-mask') {
      // Longest first, so that a mask inside another leaves no part of the longer one. Each line of a secret is also a mask.
      const secrets = [message, ...message.split(/[\r\n]+/)].filter((secret) => secret.trim() !== '');
      const all = new Set([...result.masks, ...secrets]);
      result.masks.splice(0, Number.POSITIVE_INFINITY, ...[...all].sort((a, b) => b.length - a.length));
    }
    if (name === 'error' || name === 'warning' || name === 'notice') {
      result.annotations.push({ level: name, title: mask(properties.title ?? ''), message: mask(message) });
    }
  }

  function line(text: string): void {
    const command = parseCommand(text, stopToken === undefined ? REGISTERED : [...REGISTERED, stopToken]);
    const resumes = stopToken !== undefined && command?.name === stopToken.toLowerCase();
    if (command === undefined || (stopToken !== undefined && !resumes)) {
      result.log.push(mask(text));
      return;
    }
    result.commands.push(command);
    if (resumes) stopToken = undefined;
    else act(command);
  }

  return { line, result };
}

/** Splits bytes into lines as .NET's `StreamReader.ReadLine` does: only at `\r`, `\n` and `\r\n`. */
export function createLineReader(onLine: (line: string) => void): {
  write(chunk: Buffer): void;
  end(): void;
} {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  function take(text: string, last: boolean): void {
    // A carriage return at the end may be the first half of a \r\n.
    const held = !last && text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\r|\n/);
    rest = `${lines.pop() ?? ''}${held}`;
    lines.forEach(onLine);
  }
  return {
    write: (chunk) => take(rest + decoder.write(chunk), false),
    end() {
      take(rest + decoder.end(), true);
      if (rest !== '') onLine(rest);
    },
  };
}

/**
 * The pairs in a `GITHUB_OUTPUT`, `GITHUB_ENV` or `GITHUB_STATE` file, by the runner's rules: a line ends at `\n`, on Windows, whose
 * `eol` is `\r\n`, at that too. A value keeps its own line breaks. Throws on whatever the runner refuses.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
 */
export function parseKeyValueFile(text: string, eol: string = EOL): Record<string, string> {
  const pairs: [string, string][] = [];
  // The lines, each followed by its line break.
  const parts = text.split(eol === '\r\n' ? /(\r?\n)/ : /(\n)/);
  for (let at = 0; at < parts.length; at += 2) {
    const line = parts[at] ?? '';
    if (line === '') continue;
    const [, name = '', sign, rest = ''] = /^([\s\S]*?)(=|<<)([\s\S]*)$/.exec(line) ?? [];
    if (sign === undefined) throw new Error(`Invalid format '${line}'`);
    if (name === '') throw new Error(`Invalid format '${line}'. Name must not be empty`);
    if (sign === '=') {
      pairs.push([name, rest]);
      continue;
    }
    if (rest === '')
      throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
    const end = parts.indexOf(rest, at + 2);
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${rest}'`);
    pairs.push([name, parts.slice(at + 2, end - 1).join('')]);
    at = end;
  }
  return Object.fromEntries(pairs);
}
