/**
 * Calls in the compact protocol (thrift-compact-protocol.md):
 *
 *     message  0x82, type << 5 | 1, sequence id varint, name, struct
 *     struct   (id - id before << 4 | type, value)…, 0x00
 *     string   length varint, bytes
 *     list     count << 4 | element type; from 15 elements on 0xf0 | element type, count varint
 *     i64      zigzag varint
 */
import type { ByteWriter } from './byte_writer.ts';
import type { CallEncoder } from './call_encoder.ts';
import type { LogEventFields } from './log_event_fields.ts';
import { MESSAGE_TYPE } from '../message.ts';

const PROTOCOL_ID = 0x82;
const VERSION = 1;
const TYPE = { I64: 6, STRING: 8, LIST: 9, STRUCT: 12 } as const;

/** Counts from here on take a varint of their own. */
const LONG_LIST = 15;

/** Room for the headers of a message or an entry, and its numbers. */
const HEADER_BYTES = 64;

export const compactCalls: CallEncoder = {
  sendLogs(out, name, sequenceId, events) {
    writeHeader(out, name, sequenceId);
    out.byte((1 << 4) | TYPE.LIST);
    if (events.length < LONG_LIST) out.byte((events.length << 4) | TYPE.STRUCT);
    else {
      out.byte((LONG_LIST << 4) | TYPE.STRUCT);
      out.varint(events.length);
    }
    for (const event of events) writeEvent(out, event);
    out.room(1);
    out.byte(0);
  },
  withText(out, name, sequenceId, text) {
    writeHeader(out, name, sequenceId);
    writeText(out, 1, text);
    out.room(1);
    out.byte(0);
  },
};

function writeHeader(out: ByteWriter, name: string, sequenceId: number): void {
  out.room(HEADER_BYTES);
  out.byte(PROTOCOL_ID);
  out.byte((MESSAGE_TYPE.CALL << 5) | VERSION);
  out.varint(sequenceId);
  writeString(out, name);
  out.room(HEADER_BYTES);
}

function writeEvent(out: ByteWriter, { timestamp, service, host, message, level }: LogEventFields): void {
  let before = 0;
  out.room(HEADER_BYTES);
  if (timestamp !== undefined) {
    out.byte((1 << 4) | TYPE.I64);
    writeInt64(out, timestamp);
    before = 1;
  }
  if (service !== undefined) before = writeText(out, 2, service, before);
  if (host !== undefined) before = writeText(out, 3, host, before);
  if (message !== undefined) before = writeText(out, 4, message, before);
  if (level !== undefined) writeText(out, 5, level, before);
  out.room(1);
  out.byte(0);
}

/** Ids of entries and arguments are never 15 apart, so that the short header does. The answer is the id. */
function writeText(out: ByteWriter, id: number, text: string, before = 0): number {
  out.room(HEADER_BYTES);
  out.byte(((id - before) << 4) | TYPE.STRING);
  writeString(out, text);
  return id;
}

/** Up to so many units of UTF-16 the length in bytes has one byte, whatever they are. */
const SHORT_TEXT = 42;

function writeString(out: ByteWriter, text: string): void {
  if (text.length > SHORT_TEXT) {
    out.varint(Buffer.byteLength(text));
    out.text(text);
    return;
  }
  const at = out.length;
  out.length += 1;
  // The text may need another buffer: only then is it known where the length goes.
  const count = out.text(text);
  out.bytes[at] = count;
}

/** Below this twice a number is exact. */
const HALF_EXACT = 2 ** 52;

function writeInt64(out: ByteWriter, value: number | bigint): void {
  if (typeof value === 'number' && Math.abs(value) < HALF_EXACT) {
    out.varint(value >= 0 ? value * 2 : -value * 2 - 1);
    return;
  }
  const signed = BigInt(value);
  let rest = BigInt.asUintN(64, (signed << 1n) ^ (signed >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) out.byte(Number(rest & 0x7fn) | 0x80);
  out.byte(Number(rest));
}
