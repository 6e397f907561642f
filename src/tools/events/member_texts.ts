import { tokenAt, valueEnd } from '../../wire/json_text.ts';

const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;

/** The values of a JSON object, which must be valid, by name and as they are written; of several with one name the last. */
export function memberTexts(json: Buffer): ReadonlyMap<string, Buffer> {
  const members = new Map<string, Buffer>();
  let at = tokenAt(json, tokenAt(json, 0) + 1);
  while (json[at] !== CLOSE_BRACE) {
    const nameEnd = valueEnd(json, at, Infinity);
    const name = JSON.parse(json.toString('utf8', at, nameEnd)) as string;
    const start = tokenAt(json, tokenAt(json, nameEnd) + 1);
    const end = valueEnd(json, start, Infinity);
    members.set(name, json.subarray(start, end));
    at = tokenAt(json, end);
    if (json[at] === COMMA) at = tokenAt(json, at + 1);
  }
  return members;
}
