/** What an application logs, as the bytes of lines. Nothing in here throws: a log call must not. */
import { entryLines } from '../shipper/entry_lines.ts';

const NEWLINE = 0x0a;
const ZERO = 0x00;

export interface LineBytes {
  /** Each line ended by a newline. */
  readonly bytes: Buffer;
  readonly count: number;
}

/** An object as a line of JSON. What JSON can't hold (a circle, a bigint, a getter that throws) becomes an entry that says so. */
export function entryToLine(entry: unknown): string {
  try {
    const text = JSON.stringify(entry);
    if (typeof text === 'string' && text.startsWith('{')) return text;
    return JSON.stringify({ message: text ?? String(entry) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it threw what is no error';
    return JSON.stringify({ message: `an entry that JSON can't hold: ${reason}`, _error: 'not_json' });
  }
}

/** One line or several, as they come from a logger; undefined where there is nothing in it. */
export function linesOf(given: unknown): LineBytes | undefined {
  const bytes = given instanceof Uint8Array ? endedBytes(given) : Buffer.from(ended(textOf(given)));
  if (bytes.length <= 1) return undefined;
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return hasOwnLine(bytes) ? entryLines(bytes) : { bytes, count };
}

/** What is neither text nor bytes is taken for an entry. */
const textOf = (given: unknown): string => (typeof given === 'string' ? given : entryToLine(given));

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

function endedBytes(given: Uint8Array): Buffer {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  return bytes.at(-1) === NEWLINE ? bytes : Buffer.concat([bytes, Buffer.of(NEWLINE)]);
}

/** True for a line that begins with a zero byte, as those do that the journal writes itself. */
function hasOwnLine(bytes: Buffer): boolean {
  return bytes[0] === ZERO || bytes.includes(Buffer.of(NEWLINE, ZERO));
}
