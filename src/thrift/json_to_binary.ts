/**
 * Thrift's JSON protocol says the types of all values, so it is translated to the binary protocol and read as that. Whole
 * numbers go over exactly, which no JSON parser promises.
 *
 *     [1,"method",type,sequence id,struct]
 *     struct {"id":{"type":value},…}   list ["type",count,value,…]   map ["type","type",count,{"key":value,…}]
 *
 * Binary values are base64 there and can't be told from strings: they stay base64.
 */
import type { JsonText } from './json_text.ts';
import { expectDepth, expectElements, expectMessage, expectString, type ThriftLimits } from './limits.ts';
import type { MessageHeader } from './message.ts';
import { MAX_NAME_BYTES } from './message_header.ts';
import { TYPE } from './value_type.ts';

const TYPES = new Map<string, number>([
  ['tf', TYPE.BOOL],
  ['i8', TYPE.I8],
  ['i16', TYPE.I16],
  ['i32', TYPE.I32],
  ['i64', TYPE.I64],
  ['dbl', TYPE.DOUBLE],
  ['str', TYPE.STRING],
  ['rec', TYPE.STRUCT],
  ['map', TYPE.MAP],
  ['lst', TYPE.LIST],
  ['set', TYPE.SET],
  ['uid', TYPE.UUID],
]);

const VERSION = 1n;
const LEAST_BYTES = 256;

/** Reads what stands before the struct of a message. Throws ThriftError. */
export function jsonHeader(text: JsonText): MessageHeader {
  text.expect('[');
  if (text.integer(32) !== VERSION) throw text.wrong("1, the protocol's version, is expected");
  text.expect(',');
  const name = text.string();
  if (name.length > MAX_NAME_BYTES) throw text.wrong(`a name of at most ${MAX_NAME_BYTES} bytes is expected`);
  text.expect(',');
  const type = Number(text.integer(32));
  text.expect(',');
  const sequenceId = Number(text.integer(32));
  text.expect(',');
  return { name: name.toString('utf8'), type, sequenceId };
}

/** The struct of a message whose header has been read, in the binary protocol. Throws ThriftError. */
export function jsonArguments(text: JsonText, limits: ThriftLimits): Buffer {
  const translation = new Translation(text, limits);
  translation.struct(1);
  text.expect(']');
  return translation.bytes;
}

class Translation {
  readonly #text: JsonText;
  readonly #limits: ThriftLimits;
  #out = Buffer.allocUnsafeSlow(LEAST_BYTES);
  #fill = 0;

  constructor(text: JsonText, limits: ThriftLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  get bytes(): Buffer {
    return this.#out.subarray(0, this.#fill);
  }

  struct(depth: number): void {
    const text = this.#text;
    expectDepth(depth, this.#limits);
    text.expect('{');
    for (let isFirst = true; !text.takes('}'); isFirst = false) {
      if (!isFirst) text.expect(',');
      const id = Number(text.integer(16));
      text.expect(':');
      text.expect('{');
      const type = this.#type();
      text.expect(':');
      const at = this.#reserve(3);
      this.#out[at] = type;
      this.#out.writeInt16BE(id, at + 1);
      this.#value(type, depth);
      text.expect('}');
    }
    this.#byte(TYPE.STOP);
  }

  #value(type: number, depth: number): void {
    const text = this.#text;
    if (type === TYPE.STRUCT) this.struct(depth + 1);
    else if (type === TYPE.MAP) this.#map(depth + 1);
    else if (type === TYPE.LIST || type === TYPE.SET) this.#list(depth + 1);
    else if (type === TYPE.STRING) this.#string();
    else if (type === TYPE.DOUBLE) this.#double();
    else if (type === TYPE.UUID) this.#uuid();
    else if (type === TYPE.BOOL) this.#byte(boolOf(text));
    else this.#integer(type);
  }

  #list(depth: number): void {
    const text = this.#text;
    expectDepth(depth, this.#limits);
    text.expect('[');
    const type = this.#type();
    text.expect(',');
    const count = this.#count();
    const at = this.#reserve(5);
    this.#out[at] = type;
    this.#out.writeInt32BE(count, at + 1);
    for (let left = count; left > 0; left -= 1) {
      text.expect(',');
      this.#value(type, depth);
    }
    text.expect(']');
  }

  #map(depth: number): void {
    const text = this.#text;
    expectDepth(depth, this.#limits);
    text.expect('[');
    const keyType = this.#type();
    text.expect(',');
    const valueType = this.#type();
    text.expect(',');
    const count = this.#count();
    const at = this.#reserve(6);
    this.#out[at] = keyType;
    this.#out[at + 1] = valueType;
    this.#out.writeInt32BE(count, at + 2);
    text.expect(',');
    text.expect('{');
    for (let left = count; left > 0; left -= 1) {
      if (left < count) text.expect(',');
      this.#value(keyType, depth);
      text.expect(':');
      this.#value(valueType, depth);
    }
    text.expect('}');
    text.expect(']');
  }

  #string(): void {
    const bytes = this.#text.string();
    expectString(bytes.length, this.#limits);
    const at = this.#reserve(4 + bytes.length);
    this.#out.writeInt32BE(bytes.length, at);
    bytes.copy(this.#out, at + 4);
  }

  #uuid(): void {
    const digits = this.#text.string().toString('latin1').replaceAll('-', '');
    if (!/^[0-9a-f]{32}$/i.test(digits)) throw this.#text.wrong('a uuid is expected');
    const at = this.#reserve(16);
    this.#out.write(digits, at, 'hex');
  }

  #integer(type: number): void {
    const size = type === TYPE.I8 ? 1 : type === TYPE.I16 ? 2 : type === TYPE.I32 ? 4 : 8;
    const value = this.#text.integer(size * 8);
    const at = this.#reserve(size);
    if (size === 8) this.#out.writeBigInt64BE(value, at);
    else this.#out.writeIntBE(Number(value), at, size);
  }

  #double(): void {
    const value = this.#text.double();
    const at = this.#reserve(8);
    this.#out.writeDoubleBE(value, at);
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#out[at] = value;
  }

  #type(): number {
    const name = this.#text.scalar();
    const type = TYPES.get(name);
    if (type === undefined) throw this.#text.wrong(`there is no type "${name.slice(0, 20)}"`);
    return type;
  }

  #count(): number {
    const count = Number(this.#text.integer(32));
    if (count < 0) throw this.#text.wrong('a count is not negative');
    expectElements(count, this.#limits);
    return count;
  }

  /** Room for so many bytes more; answers where they go. */
  #reserve(length: number): number {
    const at = this.#fill;
    this.#fill += length;
    expectMessage(this.#fill, this.#limits);
    if (this.#fill > this.#out.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#fill, this.#out.length * 2));
      this.#out.copy(larger, 0, 0, at);
      this.#out = larger;
    }
    return at;
  }
}

/** Written 1 and 0; true and false are taken too. */
function boolOf(text: JsonText): number {
  const value = text.scalar();
  if (value === '1' || value === 'true') return 1;
  if (value === '0' || value === 'false') return 0;
  throw text.wrong('1 or 0 is expected');
}
