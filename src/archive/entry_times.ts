/**
 * When entries say they were, read where they lie. Loggers write every line alike: what leads to the time in one line leads
 * to it in the next, and while it is the same bytes nothing else of the line is looked at.
 */
import { TIME_MEMBERS, timeOf } from '../entry/time.ts';
import { PlainTimes } from '../entry/plain_times.ts';
import { tokenAt, valueEnd } from '../wire/json_text.ts';
import { WireError } from '../wire/wire_error.ts';

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;
const COMMA = 0x2c;
const RETURN = 0x0d;

/** Kinds of lines that take turns: more of them are found anew each time. */
const MOST_LEADS = 16;

/** A lead is remembered if it is no longer: a longer one is no two times the same. */
const MOST_LEAD_BYTES = 256;

const NAMES: ReadonlySet<string> = new Set(TIME_MEMBERS);

export class EntryTimes {
  /** What leads from the start of a line to the first byte of its time, the one that was met last first. */
  readonly #leads: Buffer[] = [];
  readonly #plain = new PlainTimes();
  readonly #found = new Float64Array(1);
  #lookedBytes = 0;

  /** Bytes of the lines whose time had to be looked for. */
  get lookedBytes(): number {
    return this.#lookedBytes;
  }

  /**
   * The time that line [start, end) says: of its first member known as a time (TIME_MEMBERS) that is one. Milliseconds since
   * 1970; undefined where there is none before the line's end, or before it stops being JSON.
   */
  timeOf(bytes: Buffer, start: number, end: number): number | undefined {
    return this.read(bytes, start, end, this.#found) ? this.#found[0] : undefined;
  }

  /** The same, written to `into[0]`; false where there is none. */
  read(bytes: Buffer, start: number, end: number, into: Float64Array): boolean {
    const leads = this.#leads;
    for (let at = 0; at < leads.length; at += 1) {
      const lead = leads[at] as Buffer;
      if (!isAt(lead, bytes, start) || !this.#plain.read(bytes, start + lead.length, into)) continue;
      for (let to = at; to > 0; to -= 1) leads[to] = leads[to - 1] as Buffer;
      leads[0] = lead;
      return true;
    }
    this.#lookedBytes += end - start;
    const ms = this.#look(bytes.subarray(start, end));
    into[0] = ms ?? NaN;
    return ms !== undefined;
  }

  #look(line: Buffer): number | undefined {
    // Looking into JSON makes spaces of line breaks.
    const text = line.includes(RETURN) ? Buffer.from(line) : line;
    try {
      const found = firstTime(text);
      if (found !== undefined && found.at <= MOST_LEAD_BYTES) this.#remember(text.subarray(0, found.at));
      return found?.ms;
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }

  #remember(lead: Buffer): void {
    this.#leads.unshift(Buffer.from(lead));
    this.#leads.splice(MOST_LEADS);
  }
}

/** The first member that is known as a time and is one, and where its value begins. Throws WireError where JSON ends before it. */
function firstTime(text: Buffer): { readonly ms: number; readonly at: number } | undefined {
  let at = tokenAt(text, 0);
  if (text[at] !== OPEN_BRACE) return undefined;
  do {
    at = tokenAt(text, at + 1);
    if (text[at] !== QUOTE) return undefined;
    const nameEnd = valueEnd(text, at, Infinity);
    const colon = tokenAt(text, nameEnd);
    if (text[colon] !== COLON) return undefined;
    const valueAt = tokenAt(text, colon + 1);
    const valueStop = valueEnd(text, valueAt, Infinity);
    const ms = NAMES.has(textOf(text, at, nameEnd)) ? timeIn(text, valueAt, valueStop) : undefined;
    if (ms !== undefined) return { ms, at: valueAt };
    at = tokenAt(text, valueStop);
  } while (text[at] === COMMA);
  return undefined;
}

function timeIn(text: Buffer, at: number, end: number): number | undefined {
  const value = text[at] === QUOTE ? textOf(text, at, end) : Number(text.toString('latin1', at, end));
  return timeOf(value)?.ms;
}

/** A JSON string, from its opening quote to behind its closing one, as text. */
function textOf(text: Buffer, at: number, end: number): string {
  const inside = text.toString('utf8', at + 1, end - 1);
  return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
}

function isAt(lead: Buffer, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < lead.length; at += 1) if (lead[at] !== bytes[start + at]) return false;
  return true;
}
