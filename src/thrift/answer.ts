/**
 * Messages that answer calls, in the protocol of the call. What answers hold is little, so it is written here: the library
 * takes a quarter of a second to load, and forgets the type of a TApplicationException.
 */
import { MESSAGE_TYPE, type MessageHeader, type ProtocolName } from './message.ts';
import { FIRST_BYTE } from './message_header.ts';
import type { ThriftError } from './thrift_error.ts';
import { TYPE } from './value_type.ts';

/** Whom an answer is for. */
export interface Asked extends Pick<MessageHeader, 'sequenceId'> {
  readonly protocol: ProtocolName;
  /** Without the name of a service: clients look for it so. */
  readonly method: string;
}

/** A field of a result: a number is an i32, fields are a struct. */
export interface AnswerField {
  readonly id: number;
  readonly value: number | string | readonly AnswerField[];
}

/** A REPLY. A result is a struct: what a method returns is its field 0, and an exception it throws has the id the IDL says. */
export const encodeReply = (asked: Asked, result: readonly AnswerField[]): Buffer =>
  ENCODERS[asked.protocol](asked, MESSAGE_TYPE.REPLY, result);

/** What is wrong, as a TApplicationException. */
export const encodeException = (asked: Asked, { message, exception }: ThriftError): Buffer =>
  ENCODERS[asked.protocol](asked, MESSAGE_TYPE.EXCEPTION, [
    { id: 1, value: message },
    { id: 2, value: exception },
  ]);

/** A message as it goes over the wire: behind its length, where the transport is framed. */
export function framed(message: Buffer, isFramed: boolean): Buffer {
  return isFramed ? Buffer.concat([int32(message.length), message]) : message;
}

type Encoder = (asked: Asked, type: number, result: readonly AnswerField[]) => Buffer;

const ENCODERS: Readonly<Record<ProtocolName, Encoder>> = {
  binary: ({ method, sequenceId }, type, result) =>
    Buffer.concat([
      Buffer.of(FIRST_BYTE.binary, 1, 0, type),
      binaryString(method),
      int32(sequenceId),
      ...binaryStruct(result),
    ]),
  compact: ({ method, sequenceId }, type, result) =>
    Buffer.concat([
      Buffer.of(FIRST_BYTE.compact, (type << 5) | 1),
      varint(sequenceId >>> 0),
      compactString(method),
      ...compactStruct(result),
    ]),
  json: ({ method, sequenceId }, type, result) =>
    Buffer.from(`[1,${JSON.stringify(method)},${type},${sequenceId},${jsonStruct(result)}]`),
};

const typeOf = ({ value }: AnswerField): number =>
  typeof value === 'number' ? TYPE.I32 : typeof value === 'string' ? TYPE.STRING : TYPE.STRUCT;

function binaryStruct(fields: readonly AnswerField[]): Buffer[] {
  const pieces = fields.flatMap((field) => {
    const { id, value } = field;
    const header = Buffer.of(typeOf(field), id >> 8, id);
    if (typeof value === 'number') return [header, int32(value)];
    return typeof value === 'string' ? [header, binaryString(value)] : [header, ...binaryStruct(value)];
  });
  return [...pieces, Buffer.of(TYPE.STOP)];
}

function binaryString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([int32(bytes.length), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const COMPACT = { i32: 5, string: 8, struct: 12 } as const;

/** Every id in its long form, which says it whole. */
function compactStruct(fields: readonly AnswerField[]): Buffer[] {
  const pieces = fields.flatMap(({ id, value }) => {
    const header = (type: number): Buffer => Buffer.concat([Buffer.of(type), varint(zigzag(id))]);
    if (typeof value === 'number') return [header(COMPACT.i32), varint(zigzag(value))];
    return typeof value === 'string'
      ? [header(COMPACT.string), compactString(value)]
      : [header(COMPACT.struct), ...compactStruct(value)];
  });
  return [...pieces, Buffer.of(TYPE.STOP)];
}

function compactString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.of(...bytes, value);
}

function jsonStruct(fields: readonly AnswerField[]): string {
  const members = fields.map(({ id, value }) => {
    if (typeof value === 'number') return `"${id}":{"i32":${value}}`;
    return typeof value === 'string'
      ? `"${id}":{"str":${JSON.stringify(value)}}`
      : `"${id}":{"rec":${jsonStruct(value)}}`;
  });
  return `{${members.join(',')}}`;
}
