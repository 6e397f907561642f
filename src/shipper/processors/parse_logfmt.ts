import type { Fields } from './text_draft.ts';

/** One token: a name, then perhaps `=` and a value, quoted or not. */
const TOKEN = /\s*([^\s="]+)(?:(=)(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s"]*)))?(?=\s|$)/y;

/** The fields of `key=value key="a value" flag`: a name alone is true. Undefined where anything else is in it, or no value at all. */
export function parseLogfmt(line: string): Fields | undefined {
  const text = line.trimEnd();
  const fields: Fields = new Map();
  let pairs = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const [, name, equals, quoted, bare] = TOKEN.exec(text) ?? [];
    if (name === undefined) return undefined;
    if (equals !== undefined) pairs += 1;
    fields.set(name, equals === undefined ? true : quoted === undefined ? bare : unescaped(quoted));
  }
  return pairs === 0 ? undefined : fields;
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

const unescaped = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\(.)/g, (_, character: string) => ESCAPED[character] ?? character)
    : text;
