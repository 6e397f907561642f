import type { Redactor } from './redact.ts';

const NUMBER = /-?\d[\d.eE+-]*/g;

/**
 * The JSON text of a value, valid as it is, with every string and number in it redacted; `name` is its field's. Names
 * inside of it are redacted too.
 */
export function redactedJson(name: string, json: string, redact: Redactor): string {
  let clean = '';
  let field = name;
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at);
    const between = json.slice(at, quote === -1 ? json.length : quote);
    clean += redactedNumbers(field, between, redact);
    if (quote === -1) break;
    at = stringEnd(json, quote);
    const written = json.slice(quote, at);
    const text = JSON.parse(written) as string;
    const isName = /^\s*:/.test(json.slice(at, at + 64));
    if (isName) field = text;
    const cleanText = isName ? redact.text(text) : redact.value(field, text);
    clean += cleanText === text ? written : JSON.stringify(cleanText);
  }
  return clean;
}

function redactedNumbers(field: string, between: string, redact: Redactor): string {
  if (!/\d/.test(between)) return between;
  return between.replace(NUMBER, (number) => {
    const clean = redact.value(field, number);
    return clean === number ? number : JSON.stringify(clean);
  });
}

/** The offset behind the string that begins at `quote`. */
function stringEnd(json: string, quote: number): number {
  for (let end = json.indexOf('"', quote + 1); ; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
}
