/**
 * The compact protocol (thrift-compact-protocol.md of Apache Thrift): numbers are varints, of seven bits a byte, the
 * lowest first; signed ones zigzag (0, -1, 1, -2, …) before that. Doubles are little-endian.
 *
 *     field    id less the one before (1 to 15) and type in one byte; or type alone, then the id zigzag; the end is a zero.
 *              A bool is in its type
 *     string   length varint, bytes
 *     list     count (0 to 14) and element type in one byte; or 15 and the type, then the count; a set is written as a list
 *     map      count varint; where it is not zero key type and value type in one byte, then key and value in turn
 */
import { exactInteger, type Cursor } from './cursor.ts';
import { ThriftError } from './thrift_error.ts';
import { TYPE } from './value_type.ts';

const TRUE = 1;

/** By the compact protocol's number. */
const TYPES: readonly (number | undefined)[] = [
  undefined,
  TYPE.BOOL,
  TYPE.BOOL,
  TYPE.I8,
  TYPE.I16,
  TYPE.I32,
  TYPE.I64,
  TYPE.DOUBLE,
  TYPE.STRING,
  TYPE.LIST,
  TYPE.SET,
  TYPE.MAP,
  TYPE.STRUCT,
  TYPE.UUID,
];

/** Of a 64-bit number. */
const LONGEST_VARINT = 10;
/** So many bits of a varint add up exactly. */
const EXACT_BYTES = 7;

export class CompactCursor implements Cursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  type = 0;
  fieldId = 0;
  elementType = 0;
  valueType = 0;
  count = 0;
  length = 0;
  #isTrue = false;

  field(): boolean {
    const { bytes, at, end } = this;
    if (at >= end) return false;
    const byte = bytes[at] ?? 0;
    const number = byte & 0x0f;
    if (byte === 0) {
      this.type = TYPE.STOP;
      this.at = at + 1;
      return true;
    }
    const type = typeOf(number);
    const delta = byte >> 4;
    if (delta === 0) {
      if (!this.#isVarintWhole(at + 1)) return false;
      this.at = at + 1;
      this.fieldId = (Number(this.#zigzag()) << 16) >> 16;
    } else {
      this.at = at + 1;
      this.fieldId += delta;
    }
    this.type = type;
    this.#isTrue = number === TRUE;
    return true;
  }

  string(): boolean {
    if (!this.#isVarintWhole(this.at)) return false;
    this.length = this.#size();
    return true;
  }

  list(): boolean {
    const { at } = this;
    if (at >= this.end) return false;
    const byte = this.bytes[at] ?? 0;
    const isLong = byte >> 4 === 15;
    if (isLong && !this.#isVarintWhole(at + 1)) return false;
    this.at = at + 1;
    this.count = isLong ? this.#size() : byte >> 4;
    this.elementType = this.count === 0 ? TYPE.STOP : typeOf(byte & 0x0f);
    return true;
  }

  map(): boolean {
    const { at } = this;
    if (!this.#isVarintWhole(at)) return false;
    this.count = this.#size();
    this.elementType = this.valueType = TYPE.STOP;
    if (this.count === 0) return true;
    if (this.at >= this.end) {
      this.at = at;
      return false;
    }
    const types = this.bytes[this.at++] ?? 0;
    this.elementType = typeOf(types >> 4);
    this.valueType = typeOf(types & 0x0f);
    return true;
  }

  sizeOf(type: number, isField: boolean): number {
    if (type === TYPE.BOOL) return isField ? 0 : 1;
    if (type === TYPE.I8) return 1;
    if (type === TYPE.DOUBLE) return 8;
    return type === TYPE.UUID ? 16 : 0;
  }

  skipVarying(): boolean {
    const { bytes, end } = this;
    for (let { at } = this; at < end; at += 1) {
      if ((bytes[at] ?? 0) < 0x80) {
        this.at = at + 1;
        return true;
      }
      if (at - this.at + 1 === LONGEST_VARINT) throw tooLong();
    }
    return false;
  }

  bool(isField: boolean): boolean {
    return isField ? this.#isTrue : this.bytes[this.at++] === TRUE;
  }

  integer(type: number): number | bigint {
    if (type === TYPE.I8) return this.bytes.readInt8(this.at++);
    const value = this.#zigzag();
    return type === TYPE.I64 ? value : Number(value) | 0;
  }

  double(): number {
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  /** A varint of 32 bits that is known to be whole, as a signed number. */
  varint32(): number {
    return this.#varint() | 0;
  }

  /** Of a length or a count: a varint that is known to be whole. */
  #size(): number {
    const value = this.#varint();
    if (value > 0x7fff_ffff) throw new ThriftError('bad_message', `a size of ${value} is past 2147483647`);
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #isVarintWhole(at: number): boolean {
    const before = this.at;
    this.at = at;
    const isWhole = this.skipVarying();
    this.at = before;
    return isWhole;
  }

  /** A varint that is known to be whole. */
  #zigzag(): number | bigint {
    const { bytes, at: start } = this;
    let value = 0;
    let factor = 1;
    for (let at = start; at < start + EXACT_BYTES; at += 1) {
      const byte = bytes[at] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.at = at + 1;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      factor *= 0x80;
    }
    return this.#longZigzag();
  }

  #longZigzag(): number | bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const signed = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    return exactInteger(Number(signed >> 32n), Number(signed & 0xffff_ffffn));
  }
}

function typeOf(number: number): number {
  const type = TYPES[number];
  if (type === undefined)
    throw new ThriftError('bad_message', `there is no type ${number} in the compact protocol`);
  return type;
}

const tooLong = (): ThriftError =>
  new ThriftError('bad_message', `a varint is longer than ${LONGEST_VARINT} bytes`);
