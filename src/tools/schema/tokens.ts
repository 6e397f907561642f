/** The words of a file of Thrift's IDL, as the lexer of Apache Thrift 0.17 (thriftl.ll) divides it. */
import { IdlError, quoted, type Place } from './idl_error.ts';

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'mark' | 'end';
  /** As it is written; of a string what lies between its quotes, without the backslashes. */
  readonly text: string;
  readonly place: Place;
}

const BLANKS = /[ \t\r\n\uFEFF]+/y;
const LINE_COMMENT = /(?:\/\/|#)[^\n]*/y;
const TOKENS = [
  ['word', /[A-Za-z_](?:\.?[A-Za-z_0-9])*/y],
  ['number', /[+-]?(?:0x[0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)/y],
  ['mark', /[{}()[\]<>,;:=*&]/y],
] as const;

/** Divides `text` into tokens without comments, the last of kind `end`. Takes time linear in its length. Throws IdlError. */
export function tokensOf(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  let lineEnd = text.indexOf('\n');
  const place = (): Place => ({ file, line, column: at - lineStart + 1 });
  const moveTo = (end: number): void => {
    for (; lineEnd !== -1 && lineEnd < end; lineEnd = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = lineEnd + 1;
    }
    at = end;
  };
  while (at < text.length) {
    const skipped = endOfBlank(text, at, place);
    if (skipped === at) {
      const [token, end] = tokenAt(text, at, place());
      tokens.push(token);
      moveTo(end);
    } else moveTo(skipped);
  }
  tokens.push({ kind: 'end', text: '', place: place() });
  return tokens;
}

/** Where the blanks or the comment at `at` end; `at` where there are none. */
function endOfBlank(text: string, at: number, place: () => Place): number {
  for (const pattern of [BLANKS, LINE_COMMENT]) {
    pattern.lastIndex = at;
    if (pattern.test(text)) return pattern.lastIndex;
  }
  if (!text.startsWith('/*', at)) return at;
  const end = text.indexOf('*/', at + 2);
  if (end === -1) throw new IdlError('this comment does not end: */ is missing', place());
  return end + 2;
}

function tokenAt(text: string, at: number, place: Place): [token: Token, end: number] {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) return [{ kind, text: found, place }, at + found.length];
  }
  const quote = text.charAt(at);
  if (quote === '"' || quote === "'") return stringAt(text, at, quote, place);
  throw new IdlError(`${quoted(text.charAt(at))} has no meaning here`, place);
}

function stringAt(text: string, at: number, quote: string, place: Place): [token: Token, end: number] {
  let value = '';
  for (let next = at + 1; next < text.length; next += 1) {
    const letter = text.charAt(next);
    if (letter === quote) return [{ kind: 'string', text: value, place }, next + 1];
    if (letter === '\n') break;
    if (letter === '\\') next += 1;
    value += letter === '\\' ? unescaped(text.charAt(next)) : letter;
  }
  throw new IdlError(`this string does not end on its line: ${quote} is missing`, place);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const unescaped = (letter: string): string => ESCAPES[letter] ?? letter;
