/**
 * The binary protocol: all numbers are big-endian.
 *
 *     field    type u8, id i16, value; behind the last one a zero
 *     string   length i32, bytes
 *     list     element type u8, count i32, values; a set is written as a list
 *     map      key type u8, value type u8, count i32, then key and value in turn
 */
import { exactInteger, type Cursor } from './cursor.ts';
import { ThriftError } from './thrift_error.ts';
import { TYPE, TYPE_NAMES } from './value_type.ts';

const SIZES: readonly number[] = TYPE_NAMES.map((_, type) => {
  if (type === TYPE.BOOL || type === TYPE.I8) return 1;
  if (type === TYPE.I16) return 2;
  if (type === TYPE.I32) return 4;
  if (type === TYPE.I64 || type === TYPE.DOUBLE) return 8;
  return type === TYPE.UUID ? 16 : 0;
});

export class BinaryCursor implements Cursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  type = 0;
  fieldId = 0;
  elementType = 0;
  valueType = 0;
  count = 0;
  length = 0;

  field(): boolean {
    const { bytes, at, end } = this;
    if (at >= end) return false;
    const type = bytes[at] ?? 0;
    if (type === TYPE.STOP) {
      this.type = type;
      this.at = at + 1;
      return true;
    }
    if (TYPE_NAMES[type] === undefined) throw unknownType(type);
    if (end - at < 3) return false;
    this.type = type;
    this.fieldId = (((bytes[at + 1] ?? 0) << 24) >> 16) | (bytes[at + 2] ?? 0);
    this.at = at + 3;
    return true;
  }

  string(): boolean {
    if (this.end - this.at < 4) return false;
    this.length = this.#size(this.at, 'a string');
    this.at += 4;
    return true;
  }

  list(): boolean {
    if (this.end - this.at < 5) return false;
    this.count = this.#size(this.at + 1, 'a list');
    this.elementType = this.#elementType(this.at);
    this.at += 5;
    return true;
  }

  map(): boolean {
    if (this.end - this.at < 6) return false;
    this.count = this.#size(this.at + 2, 'a map');
    this.elementType = this.#elementType(this.at);
    this.valueType = this.#elementType(this.at + 1);
    this.at += 6;
    return true;
  }

  sizeOf(type: number): number {
    return SIZES[type] ?? 0;
  }

  /** There is no such type. */
  skipVarying(): boolean {
    throw unknownType(this.type);
  }

  bool(): boolean {
    return this.bytes[this.at++] !== 0;
  }

  integer(type: number): number | bigint {
    const { bytes, at } = this;
    this.at += this.sizeOf(type);
    if (type === TYPE.I64) return exactInteger(bytes.readInt32BE(at), bytes.readUInt32BE(at + 4));
    if (type === TYPE.I32) return bytes.readInt32BE(at);
    return type === TYPE.I16 ? bytes.readInt16BE(at) : bytes.readInt8(at);
  }

  double(): number {
    const value = this.bytes.readDoubleBE(this.at);
    this.at += 8;
    return value;
  }

  #size(at: number, what: string): number {
    const size = this.bytes.readInt32BE(at);
    if (size < 0) throw new ThriftError('bad_message', `${what} has a negative size: ${size}`);
    return size;
  }

  /** Of nothing, the type may be anything. */
  #elementType(at: number): number {
    const type = this.bytes[at] ?? 0;
    if (this.count > 0 && TYPE_NAMES[type] === undefined) throw unknownType(type);
    return type;
  }
}

const unknownType = (type: number): ThriftError =>
  new ThriftError('bad_message', `there is no type ${type} in the binary protocol`);
