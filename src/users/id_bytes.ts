/**
 * The bytes of a user id: UTF-8, with lone surrogates (which JSON may hold) as WTF-8 has them, three bytes each. UTF-8
 * alone would make one character of them all, and one user of many.
 */

/** The bytes of an id; no two ids have the same. */
export function bytesOfId(id: string): Buffer {
  if (id.isWellFormed()) return Buffer.from(id);
  const parts: Buffer[] = [];
  for (const character of id) {
    const unit = character.charCodeAt(0);
    parts.push(character.isWellFormed() ? Buffer.from(character) : bytesOfSurrogate(unit));
  }
  return Buffer.concat(parts);
}

/** The id that has these bytes; undefined where none has. */
export function idOfBytes(bytes: Buffer): string | undefined {
  let id = '';
  for (let from = 0; from < bytes.length;) {
    const at = nextSurrogate(bytes, from);
    id += bytes.toString('utf8', from, at);
    if (at < bytes.length) id += String.fromCharCode(unitAt(bytes, at));
    from = at + SURROGATE_BYTES;
  }
  return bytesOfId(id).equals(bytes) ? id : undefined;
}

const SURROGATE_BYTES = 3;
const FIRST_BYTE = 0xed;
const FIRST_SURROGATE = 0xd800;

const bytesOfSurrogate = (unit: number): Buffer =>
  Buffer.of(FIRST_BYTE, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));

const unitAt = (bytes: Buffer, at: number): number =>
  FIRST_SURROGATE | (((bytes[at + 1] ?? 0) & 0x1f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f);

/** Where the next surrogate begins, or the end. Other characters that begin with its first byte go on below A0. */
function nextSurrogate(bytes: Buffer, from: number): number {
  for (let at = from; ; at += 1) {
    at = bytes.indexOf(FIRST_BYTE, at);
    if (at === -1) return bytes.length;
    if ((bytes[at + 1] ?? 0) >= 0xa0) return at;
  }
}
