/** Writes what happens in sessions as lines: bytes copied from a template, with the few that differ put in. */
import { lend } from '../../../base/large_buffers.ts';
import type { Chunk } from '../../source.ts';
import { STEPS, STEP_NAMES } from './flow.ts';
import { FORMATS, type FormatName } from './formats.ts';
import { lineTemplate, type LineTemplate, type NumberName } from './line_template.ts';
import { HOSTS, Sessions, type SessionOptions } from './sessions.ts';

export interface LineOptions extends SessionOptions {
  readonly format: FormatName;
  /** True for lines as they are; false for entries: a line that is no JSON is the `message` of one. */
  readonly isRaw: boolean;
}

const ZERO = 0x30;
const DOT = 0x2e;
const HEX = Buffer.from('0123456789abcdef');
const NOTHING = Buffer.alloc(0);

export class LineWriter {
  readonly #sessions: Sessions;
  readonly #templates: readonly LineTemplate[];
  readonly #timeOf: (ms: number) => string;
  readonly #userDigits: number;
  readonly #chunkBytes: number;
  readonly #maxLineBytes: number;
  #buffer: Buffer = NOTHING;
  #end = 0;
  #count = 0;
  #n = 0;
  #timeMs = NaN;
  #time = NOTHING;

  /** A chunk is at most `maxChunkBytes` long, but for a single longer line. */
  constructor(options: LineOptions, maxChunkBytes: number) {
    const { line, time } = FORMATS[options.format];
    this.#sessions = new Sessions(options);
    this.#timeOf = time;
    this.#userDigits = String(options.users - 1).length;
    const widths = { time: time(0).length, user: this.#userDigits, session: 8, request: 8, address: 7 };
    const isMessage = options.format !== 'json' && !options.isRaw;
    this.#templates = STEP_NAMES.flatMap((name) =>
      Array.from({ length: HOSTS }, (_, host) => {
        const step = STEPS[name];
        const text = line(step, `node-${host + 1}`, name);
        return lineTemplate(`${isMessage ? JSON.stringify({ message: text }) : text}\n`, widths);
      }),
    );
    this.#maxLineBytes = Math.max(...this.#templates.map(({ maxBytes }) => maxBytes));
    this.#chunkBytes = Math.max(maxChunkBytes, this.#maxLineBytes);
  }

  get hasRoom(): boolean {
    return this.#end + this.#maxLineBytes <= this.#chunkBytes;
  }

  /** Writes a line, of this time. There must be room for it. */
  write(timeMs: number): void {
    if (this.#buffer.length === 0) this.#buffer = lend(this.#chunkBytes);
    const buffer = this.#buffer;
    const session = this.#sessions.next();
    const { head, at, tail } = this.#templates[session.step * HOSTS + session.host] as LineTemplate;
    const start = this.#end;
    buffer.set(head, start);
    this.#writeTime(start + at.time, Math.floor(timeMs));
    writeDigits(buffer, start + at.user, this.#userDigits, session.user);
    if (at.session >= 0) writeHex(buffer, start + at.session, session.token);
    if (at.request >= 0) writeHex(buffer, start + at.request, session.request);
    if (at.address >= 0) writeAddress(buffer, start + at.address, session.user);
    this.#n += 1;
    let end = start + head.length;
    for (const { name, after } of tail) {
      end = writeNumber(buffer, end, this.#number(name, session.ms, session.request));
      for (let index = 0; index < after.length; index += 1) buffer[end + index] = after[index] ?? 0;
      end += after.length;
    }
    this.#end = end;
    this.#count += 1;
  }

  /** The lines since the last call. */
  take(): Chunk {
    const bytes = this.#buffer.subarray(0, this.#end);
    const count = this.#count;
    const isOwned = this.#end * 2 > this.#chunkBytes;
    this.#end = 0;
    this.#count = 0;
    if (!isOwned) return { lines: { bytes: Buffer.from(bytes), count }, positions: {} };
    this.#buffer = NOTHING;
    return { lines: { bytes, count }, positions: {}, isOwned };
  }

  #number(name: NumberName, ms: number, request: number): number {
    if (name === 'n') return this.#n;
    return name === 'ms' ? ms : 120 + (request & 0x3fff);
  }

  #writeTime(at: number, ms: number): void {
    if (ms !== this.#timeMs) {
      this.#timeMs = ms;
      this.#time = Buffer.from(this.#timeOf(ms));
    }
    const time = this.#time;
    for (let index = 0; index < time.length; index += 1) this.#buffer[at + index] = time[index] ?? 0;
  }
}

function writeHex(buffer: Buffer, at: number, value: number): void {
  for (let index = 0; index < 8; index += 1) buffer[at + index] = HEX[(value >>> (28 - index * 4)) & 15] ?? 0;
}

function writeDigits(buffer: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const tenth = Math.floor(rest / 10);
    buffer[index] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}

/** Answers where it ends. */
function writeNumber(buffer: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits += 1;
  writeDigits(buffer, at, digits, value);
  return at + digits;
}

/** The last two numbers of the user's address, three digits each. */
function writeAddress(buffer: Buffer, at: number, user: number): void {
  writeDigits(buffer, at, 3, 100 + (Math.floor(user / 156) % 156));
  buffer[at + 3] = DOT;
  writeDigits(buffer, at + 4, 3, 100 + (user % 156));
}
