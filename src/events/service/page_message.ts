/**
 * A page of events as the REPLY of `read`, `readByType` or `replay` in the binary protocol, written at once: the library
 * takes ten times as long. Big-endian; a string is its length (i32) and its bytes, a field its type (1) and its id (2).
 *
 *     80 01 00 02 | name | sequence id (i32)
 *     0c 0000                           success: Page
 *       0f 0001  0c count(4)              1: list of StoredEvent
 *         0a 0001 position(8)               1
 *         0c 0002                           2: Event
 *           0b 0001 id   0b 0002 type   0a 0003 timestamp(8)   0b 0004 payload   00
 *         0b 0003 stream   0a 0004 version(8)   00
 *       0a 0002 readAfter(8)   02 0003 hasMore(1)   00
 *     00
 */
import { TYPE } from '../../thrift/value_type.ts';
import type { StoredEvent } from '../event.ts';

export interface EventPage {
  readonly events: readonly StoredEvent[];
  readonly readAfter: number;
  readonly hasMore: boolean;
}

const { BOOL, I64, STRING, STRUCT, LIST, STOP } = TYPE;
const REPLY = 0x80010002;

/** All but the name of the method, and the events. */
const MESSAGE_BYTES = 4 + 4 + 4 + 3 + 3 + 5 + 11 + 4 + 2;
/** All but its texts, its payload, stream and version. */
const EVENT_BYTES = 11 + 3 + 7 + 7 + 11 + 7 + 2;
const STREAM_BYTES = 7 + 11;

export function encodePage(
  { events, readAfter, hasMore }: EventPage,
  { method, sequenceId }: { readonly method: string; readonly sequenceId: number },
): Buffer {
  const size = events.reduce((sum, event) => sum + sizeOf(event), MESSAGE_BYTES + Buffer.byteLength(method));
  const writer = new Writer(size);
  writer.int32(REPLY | 0);
  writer.text(method);
  writer.int32(sequenceId);
  writer.field(STRUCT, 0);
  writer.field(LIST, 1);
  writer.byte(STRUCT);
  writer.int32(events.length);
  for (const event of events) writeEvent(writer, event);
  writer.field(I64, 2);
  writer.number(readAfter);
  writer.field(BOOL, 3);
  writer.byte(hasMore ? 1 : 0);
  writer.byte(STOP);
  writer.byte(STOP);
  return writer.bytes;
}

const sizeOf = ({ id, type, payload, stream }: StoredEvent): number =>
  EVENT_BYTES +
  Buffer.byteLength(id) +
  Buffer.byteLength(type) +
  payload.length +
  (stream === undefined ? 0 : STREAM_BYTES + Buffer.byteLength(stream));

function writeEvent(
  writer: Writer,
  { position, id, type, timestamp, payload, stream, version }: StoredEvent,
): void {
  writer.field(I64, 1);
  writer.number(position);
  writer.field(STRUCT, 2);
  writer.field(STRING, 1);
  writer.text(id);
  writer.field(STRING, 2);
  writer.text(type);
  writer.field(I64, 3);
  writer.int64(timestamp);
  writer.field(STRING, 4);
  writer.blob(payload);
  writer.byte(STOP);
  if (stream !== undefined) {
    writer.field(STRING, 3);
    writer.text(stream);
    writer.field(I64, 4);
    writer.number(version ?? 0);
  }
  writer.byte(STOP);
}

class Writer {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  byte(value: number): void {
    this.bytes[this.#at++] = value;
  }

  field(type: number, id: number): void {
    this.byte(type);
    this.byte(0);
    this.byte(id);
  }

  int32(value: number): void {
    this.#at = this.bytes.writeInt32BE(value, this.#at);
  }

  int64(value: bigint): void {
    this.#at = this.bytes.writeBigInt64BE(value, this.#at);
  }

  /** Not below zero. */
  number(value: number): void {
    this.#at = this.bytes.writeUInt32BE(Math.floor(value / 2 ** 32), this.#at);
    this.#at = this.bytes.writeUInt32BE(value % 2 ** 32, this.#at);
  }

  text(value: string): void {
    const length = this.bytes.write(value, this.#at + 4);
    this.bytes.writeInt32BE(length, this.#at);
    this.#at += 4 + length;
  }

  blob(value: Buffer): void {
    this.int32(value.length);
    this.#at += value.copy(this.bytes, this.#at);
  }
}
