import { WireError } from './wire_error.ts';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Counts the lines of a batch body, each of which must be `{…}` and end with a newline. White space around the braces
 * is let be (a file with CRLF keeps it); what is between them is the reader's business. Throws WireError `not_json`
 * that names the line, or `entry_too_large`. `onEntry` is told of each line, [start, end) without its newline.
 */
export function countEntries(
  raw: Buffer,
  maxEntryBytes = Infinity,
  onEntry?: (start: number, end: number) => void,
): number {
  let count = 0;
  for (let start = 0; start < raw.length; count += 1) {
    const end = raw.indexOf(NEWLINE, start);
    if (end === -1) throw new WireError('not_json', `line ${count + 1} of a batch is not ended by a newline`);
    if (
      (raw[start] !== OPEN_BRACE || raw[end - 1] !== CLOSE_BRACE || end - start < 2) &&
      !isBraced(raw, start, end)
    ) {
      throw new WireError('not_json', `line ${count + 1} of a batch is not a JSON object`);
    }
    if (end - start > maxEntryBytes) {
      throw new WireError(
        'entry_too_large',
        `line ${count + 1} of a batch is ${end - start} bytes long; at most ${maxEntryBytes} are taken (MAX_ENTRY_BYTES)`,
      );
    }
    onEntry?.(start, end);
    start = end + 1;
  }
  return count;
}

/** True where bytes [start, end) are `{…}` with nothing but white space around. */
export function isBraced(bytes: Buffer, start: number, end: number): boolean {
  while (start < end && isSpace(bytes[start])) start += 1;
  while (end > start && isSpace(bytes[end - 1])) end -= 1;
  return end - start >= 2 && bytes[start] === OPEN_BRACE && bytes[end - 1] === CLOSE_BRACE;
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;
