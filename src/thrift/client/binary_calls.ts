/**
 * Calls in the binary protocol (thrift-binary-protocol.md), strict as every peer of today reads it:
 *
 *     message  0x80 0x01 0x00, type u8, name, sequence id i32, struct
 *     struct   (type u8, id i16, value)…, 0x00
 *     string   length i32, bytes
 *     list     element type u8, count i32, elements
 */
import type { ByteWriter } from './byte_writer.ts';
import type { CallEncoder } from './call_encoder.ts';
import type { LogEventFields } from './log_event_fields.ts';
import { MESSAGE_TYPE } from '../message.ts';
import { TYPE } from '../value_type.ts';

/** Room for the headers of a message or an entry, and its numbers. */
const HEADER_BYTES = 64;

const VERSION_AND_CALL = 0x8001_0000 | MESSAGE_TYPE.CALL | 0;

export const binaryCalls: CallEncoder = {
  sendLogs(out, name, sequenceId, events) {
    writeHeader(out, name, sequenceId);
    writeField(out, TYPE.LIST, 1);
    out.byte(TYPE.STRUCT);
    out.int32(events.length);
    for (const event of events) writeEvent(out, event);
    out.room(1);
    out.byte(TYPE.STOP);
  },
  withText(out, name, sequenceId, text) {
    writeHeader(out, name, sequenceId);
    writeText(out, 1, text);
    out.room(1);
    out.byte(TYPE.STOP);
  },
};

function writeHeader(out: ByteWriter, name: string, sequenceId: number): void {
  out.room(HEADER_BYTES);
  out.int32(VERSION_AND_CALL);
  writeString(out, name);
  out.room(HEADER_BYTES);
  out.int32(sequenceId);
}

function writeEvent(out: ByteWriter, { timestamp, service, host, message, level }: LogEventFields): void {
  out.room(HEADER_BYTES);
  if (timestamp !== undefined) {
    writeField(out, TYPE.I64, 1);
    writeInt64(out, timestamp);
  }
  if (service !== undefined) writeText(out, 2, service);
  if (host !== undefined) writeText(out, 3, host);
  if (message !== undefined) writeText(out, 4, message);
  if (level !== undefined) writeText(out, 5, level);
  out.room(1);
  out.byte(TYPE.STOP);
}

function writeField(out: ByteWriter, type: number, id: number): void {
  out.byte(type);
  out.int16(id);
}

function writeText(out: ByteWriter, id: number, text: string): void {
  out.room(HEADER_BYTES);
  writeField(out, TYPE.STRING, id);
  writeString(out, text);
}

/** The length is known when the text is written. */
function writeString(out: ByteWriter, text: string): void {
  const at = out.length;
  out.length += 4;
  const count = out.text(text);
  out.bytes.writeInt32BE(count, at);
}

/** 2^32 */
const WORD = 4_294_967_296;

function writeInt64(out: ByteWriter, value: number | bigint): void {
  if (typeof value === 'bigint') out.length = out.bytes.writeBigInt64BE(value, out.length);
  else {
    out.int32(Math.floor(value / WORD));
    out.int32(value | 0);
  }
}
