import { IdlError, type Place } from './idl_error.ts';
import { tokensOf, type Token } from './tokens.ts';

/** Deepest types and constants that are read: far more than anyone writes, far less than the stack holds. */
const MAX_DEPTH = 64;

/** Words that name nothing, as the compiler's grammar has them. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'namespace include cpp_include cpp_type xsd_all xsd_optional xsd_nillable xsd_attrs void bool byte i8 i16 i32 i64 ' +
    'double string binary slist senum map list set oneway async typedef struct union exception extends throws ' +
    'service enum const required optional'
  ).split(' '),
);

/** The tokens of a file, one after the other. Each `expect…` throws IdlError at a token that is another. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  /** Throws IdlError. */
  constructor(text: string, file: string) {
    this.#tokens = tokensOf(text, file);
  }

  get next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  get place(): Place {
    return this.next.place;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  /** Is the next one this word or mark? */
  isNext(text: string): boolean {
    return this.next.text === text && (this.next.kind === 'word' || this.next.kind === 'mark');
  }

  /** Takes the next one if it is this word or mark. */
  accept(text: string): boolean {
    const isIt = this.isNext(text);
    if (isIt) this.#at += 1;
    return isIt;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected(`'${text}'`);
  }

  expectName(what: string): string {
    const { kind, text, place } = this.next;
    if (kind !== 'word') throw this.unexpected(what);
    if (RESERVED.has(text))
      throw new IdlError(`'${text}' is a reserved word of Thrift: it can't be ${what}`, place);
    return this.take().text;
  }

  expectString(what: string): string {
    if (this.next.kind !== 'string') throw this.unexpected(what);
    return this.take().text;
  }

  /** A whole number of 32 bits. */
  expectInteger(what: string): number {
    const { kind, text, place } = this.next;
    const value = kind === 'number' ? integerOf(text) : undefined;
    if (value === undefined) throw this.unexpected(what);
    if (value !== (value | 0)) throw new IdlError(`${text} does not fit ${what}, which has 32 bits`, place);
    this.take();
    return value;
  }

  /** What `read` reads between two marks, as often as there is something. */
  between<T>(open: string, close: string, read: () => T): T[] {
    this.expect(open);
    const found: T[] = [];
    while (!this.accept(close)) {
      if (this.next.kind === 'end') throw this.unexpected(`'${close}'`);
      found.push(read());
    }
    return found;
  }

  /** Commas and semicolons are much the same, and may be left out. */
  acceptSeparator(): void {
    if (!this.accept(',')) this.accept(';');
  }

  /** `(name = "value", …)`: it says nothing of what is on the wire. */
  skipAnnotations(): void {
    if (!this.isNext('(')) return;
    this.between('(', ')', () => {
      if (this.next.kind !== 'word') throw this.unexpected('the name of an annotation');
      this.take();
      if (this.accept('=')) this.expectString("an annotation's value in quotes");
      this.acceptSeparator();
    });
  }

  /** Runs `read` one level deeper. */
  nested<T>(read: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw new IdlError(`nested more than ${MAX_DEPTH} levels deep`, this.place);
    this.#depth += 1;
    const found = read();
    this.#depth -= 1;
    return found;
  }

  unexpected(expected: string): IdlError {
    const { kind, text, place } = this.next;
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    return new IdlError(
      `expected ${expected}, found ${kind === 'end' ? 'the end of the file' : kind === 'string' ? 'a string' : `'${shown}'`}`,
      place,
    );
  }
}

function integerOf(text: string): number | undefined {
  if (!/^[+-]?(?:0x[0-9A-Fa-f]+|[0-9]+)$/.test(text)) return undefined;
  const digits = text.replace(/^[+-]/, '');
  return (text.startsWith('-') ? -1 : 1) * Number(digits);
}
