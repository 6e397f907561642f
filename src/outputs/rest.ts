/** What of an entry is in no column, as its source wrote it: numbers of any length and form, escapes, order. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The members of a JSON object, which must be valid, without those named: a JSON object again. */
export function restOf(line: string, taken: readonly string[]): string {
  let rest = '';
  let kept = -1;
  let end = 0;
  for (let at = skipSpace(line, line.indexOf('{') + 1); line.charCodeAt(at) === QUOTE;) {
    const keyEnd = endOfString(line, at);
    const isTaken = taken.some((name) => keyEnd - at === name.length + 2 && line.startsWith(name, at + 1));
    if (isTaken && kept !== -1) rest += `${rest === '' ? '' : ','}${line.slice(kept, end)}`;
    if (isTaken) kept = -1;
    else if (kept === -1) kept = at;
    end = endOfValue(line, skipSpace(line, skipSpace(line, keyEnd) + 1));
    const next = skipSpace(line, end);
    if (line.charCodeAt(next) !== COMMA) break;
    at = skipSpace(line, next + 1);
  }
  if (kept !== -1) rest += `${rest === '' ? '' : ','}${line.slice(kept, end)}`;
  return `{${rest}}`;
}

/** Behind the string that begins at `at`. */
function endOfString(line: string, at: number): number {
  for (let quote = line.indexOf('"', at + 1); quote !== -1; quote = line.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (line.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return line.length;
}

/** Behind the value that begins at `at`. */
function endOfValue(line: string, at: number): number {
  const first = line.charCodeAt(at);
  if (first === QUOTE) return endOfString(line, at);
  const isNested = first === OPEN_BRACE || first === OPEN_BRACKET;
  let depth = 0;
  for (let end = at; end < line.length;) {
    const code = line.charCodeAt(end);
    if (code === QUOTE) {
      end = endOfString(line, end);
      continue;
    }
    if (!isNested && (code === COMMA || code === CLOSE_BRACE || isSpace(code))) return end;
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    end += 1;
    if (isNested && depth === 0) return end;
  }
  return line.length;
}

function skipSpace(line: string, at: number): number {
  while (isSpace(line.charCodeAt(at))) at += 1;
  return at;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
