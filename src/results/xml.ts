import type { SaxesParser, SaxesTagPlain } from 'saxes';
import { FormError } from '../errors.ts';
import { cut } from '../text.ts';

export type Attributes = Readonly<SaxesTagPlain['attributes']>;
/** What to do at the end of an element. */
export type Close = () => void;

/** Gets the elements and texts of a file in its order. */
export interface XmlHandler {
  /** At the start of an element. `name` is without its namespace prefix. */
  open(name: string, attributes: Attributes): Close | undefined;
  /** A text or CDATA inside of an element. */
  addText(text: string): void;
}

/** Limit for nested elements. Known tools stay below ten. */
const MAX_DEPTH = 100;
/** How long a text may become in memory before it is cut to half of this. */
const MAX_HELD_LENGTH = 1024 * 1024;

// Not well-formed XML, but some tools copy terminal escape codes into their reports, raw or as character references.
const TOLERATED = ['disallowed character.', 'malformed character entity.'];
// Documents one after another, as cmocka writes them, are read as one. Each may begin with a declaration.
const TOLERATED_AFTER_ROOT =
  /^(?:documents may contain only one root|an XML declaration must|expected one of)/;
const OUTSIDE_ROOT = 'text data outside of root node';

/** Reads XML as a stream, and some that is not well-formed, since test tools write it. Keeps only the beginning of a long text. */
export class XmlReader {
  readonly #parser: SaxesParser<{ xmlns: false; position: false }>;
  /** For each open element, the outermost first. */
  readonly #closers: (Close | undefined)[] = [];
  /** The document type declaration; empty before it is read, and without one. */
  doctype = '';
  #hasRoot = false;
  #hasBadReference = false;

  private constructor(parser: SaxesParser<{ xmlns: false; position: false }>) {
    this.#parser = parser;
  }

  /** Loads the parser, which only steps with XML need. */
  static async load(): Promise<XmlReader> {
    const { SaxesParser } = await import('saxes');
    return new XmlReader(new SaxesParser({ xmlns: false, position: false }));
  }

  /** How many elements are open, without the one that is being opened or closed. */
  get depth(): number {
    return this.#closers.length;
  }

  /** Reads a file to its end. Throws {@link FormError} with the place where it is malformed. */
  async read(pieces: AsyncIterable<string>, handler: XmlHandler): Promise<void> {
    const parser = this.#parser;
    parser.on('error', ({ message }) => this.#malformed(message));
    parser.on('doctype', (doctype) => {
      this.doctype = doctype;
    });
    parser.on('opentag', ({ name, attributes }) => {
      if (this.depth === MAX_DEPTH) {
        this.fail('is nested too deeply', `more than ${MAX_DEPTH} nested elements`);
      }
      if (this.#hasBadReference) {
        for (const value of Object.values(attributes)) this.#checkReferences(value);
      }
      this.#hasRoot = true;
      this.#closers.push(handler.open(name.slice(name.indexOf(':') + 1), attributes));
    });
    const addText = (text: string) => {
      // saxes reports this only once, and also for CDATA within a second document.
      if (this.depth === 0 && text.trim() !== '') this.fail('is not well-formed XML', OUTSIDE_ROOT);
      if (this.#hasBadReference) this.#checkReferences(text);
      handler.addText(text);
    };
    parser.on('text', addText);
    parser.on('cdata', addText);
    parser.on('closetag', () => this.#closers.pop()?.());
    for await (const piece of pieces) {
      // Some tools copy binary output, whose NUL bytes are not allowed in XML.
      parser.write(piece.replaceAll('\0', ''));
      this.#shortenText();
    }
    parser.close();
  }

  fail(problem: string, reason: string): never {
    throw new FormError(this.messageOf(problem, reason));
  }

  /** `is not JUnit: line 2, column 7: a testcase within a testcase`. */
  messageOf(problem: string, reason: string): string {
    const { line, column } = this.#parser;
    return `${problem}: line ${line}, column ${column || 1}: ${cut(reason, 200)}`;
  }

  /** saxes has no public way to bound the text that it collects until its end. */
  #shortenText(): void {
    const field = 'text';
    if (this.#parser[field].length <= MAX_HELD_LENGTH) return;
    this.#parser[field] = this.#parser[field].slice(0, MAX_HELD_LENGTH / 2);
  }

  #malformed(message: string): void {
    if (message.includes('entity')) this.#hasBadReference = true;
    if (TOLERATED.includes(message) || message.startsWith(OUTSIDE_ROOT)) return;
    if (this.#hasRoot && TOLERATED_AFTER_ROOT.test(message)) return;
    this.fail('is not well-formed XML', message.replace(/\.$/, ''));
  }

  #checkReferences(text: string): void {
    if (hasSwallowed(text)) this.fail('is not well-formed XML', 'malformed character entity');
  }
}

/** Whether a reference swallowed what follows it: saxes takes all up to the next semicolon, even a whole element. */
function hasSwallowed(text: string): boolean {
  return /&#(?!x?[\da-f]+;)/i.test(text.slice(0, text.lastIndexOf(';') + 1));
}
