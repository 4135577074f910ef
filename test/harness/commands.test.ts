import { describe, expect, it } from 'vitest';
import {
  type Command,
  createLineReader,
  createProcessor,
  parseCommand,
  parseKeyValueFile,
} from './commands.ts';

const command = (
  name: string,
  message: string,
  properties: Record<string, string> = {},
  version: 1 | 2 = 2,
): Command => ({
  version,
  name,
  properties,
  message,
});

describe('a command', () => {
  it.each<[string, Command]>([
    ['::error::no', command('error', 'no')],
    [' \t\u0085\u3000::error::no', command('error', 'no')],
    ['::ERROR::no', command('error', 'no')],
    ['::error::', command('error', '')],
    ['::error::a::b', command('error', 'a::b')],
    ['::error::a%0D%0Ab%25%3A', command('error', 'a\r\nb%%3A')],
    ['::error title=a%3Ab%2Cc,line=3,,bad,x=::no', command('error', 'no', { title: 'a:b,c', line: '3' })],
    ['::error  title=a=b ::no', command('error', 'no', { title: 'a=b' })],
    ['##[error]no', command('error', 'no', {}, 1)],
    ['so it goes ##[error title=a%3Bb%5D;line=3]no', command('error', 'no', { title: 'a;b]', line: '3' }, 1)],
    ['::nothing::x ##[error]no', command('error', 'no', {}, 1)],
  ])('is %j', (line, expected) => {
    expect(parseCommand(line)).toEqual(expected);
  });

  it.each([
    '',
    'x ::error::no',
    '::error:no',
    '::unheard-of::x',
    '\ufeff::error::no',
    '##[unheard-of]x',
    '##[error no',
    ':: error::x',
  ])('is not %j', (line) => {
    expect(parseCommand(line)).toBeUndefined();
  });
});

describe('the log', () => {
  const process = (...lines: string[]) => {
    const processor = createProcessor();
    for (const line of lines) processor.line(line);
    return processor.result;
  };

  it('shows secrets as *** once they are masked, each line of a long one, the longest first', () => {
    const { log, masks } = process(
      'ab abc',
      '::add-mask::ab',
      '::add-mask::abc%0Axyz',
      'ab abc xyz',
      '::add-mask:: ',
    );
    expect({ log, masks }).toEqual({
      log: ['ab abc', '*** *** ***'],
      masks: ['abc\nxyz', 'abc', 'xyz', 'ab'],
    });
  });

  it('shows commands as text between stop-commands and its token', () => {
    const { log, commands, annotations } = process(
      '::stop-commands::tok',
      '::error::a',
      '::tok::',
      '::error::b',
    );
    expect({ log, commands, annotations }).toEqual({
      log: ['::error::a'],
      commands: [command('stop-commands', 'tok'), command('tok', ''), command('error', 'b')],
      annotations: [{ level: 'error', title: '', message: 'b' }],
    });
  });

  it('has the outputs of set-output', () => {
    expect(process('::set-output name=a::b').outputs).toEqual({ a: 'b' });
  });
});

it.each([
  ['a\nb\r\nc\rd', ['a', 'b', 'c', 'd']],
  ['a\r\r\n\nb\n', ['a', '', '', 'b']],
  ['a\u2028b\u0085c\vd\fe', ['a\u2028b\u0085c\vd\fe']],
  ['ä€😀\n', ['ä€😀']],
  ['a\r', ['a']],
])('%j is the lines %j, in whatever pieces it arrives', (text, expected) => {
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const lines: string[] = [];
    const reader = createLineReader((line) => lines.push(line));
    reader.write(bytes.subarray(0, cut));
    reader.write(bytes.subarray(cut));
    reader.end();
    expect(lines).toEqual(expected);
  }
});

describe('an outputs file', () => {
  it.each([
    ['', {}],
    ['\n\na=1\n', { a: '1' }],
    ['a=b<<c\nb=\n', { a: 'b<<c', b: '' }],
    ['a<<X\nX\n', { a: '' }],
    ['a<<X\n\n1\nb=2\n\nX\nb=3\n', { a: '\n1\nb=2\n', b: '3' }],
    ['a<<X=\n1\r\n X=\nX=', { a: '1\r\n X=' }],
    ['a=1\na=2\n', { a: '2' }],
  ])('%j contains %j on every system', (text, expected) => {
    for (const eol of ['\n', '\r\n']) expect(parseKeyValueFile(text, eol)).toEqual(expected);
  });

  it.each([
    ['a=1\r\nb=2', { a: '1\r', b: '2' }, { a: '1', b: '2' }],
    ['a<<X\r\n1\r\n2\n3\r\r\nX\r\n', { a: '1\r\n2\n3\r\r' }, { a: '1\r\n2\n3\r' }],
  ])('%j contains %j, and on Windows %j', (text, expected, onWindows) => {
    expect([parseKeyValueFile(text, '\n'), parseKeyValueFile(text, '\r\n')]).toEqual([expected, onWindows]);
  });

  it.each([
    ['a\n', "Invalid format 'a'"],
    ['=1\n', "Invalid format '=1'. Name must not be empty"],
    ['a<<\n', "Invalid format 'a<<'. Name must not be empty and delimiter must not be empty"],
    ['a<<X\n1\n X\n', "Invalid value. Matching delimiter not found 'X'"],
  ])('%j is malformed', (text, message) => {
    expect(() => parseKeyValueFile(text)).toThrow(message);
  });
});
