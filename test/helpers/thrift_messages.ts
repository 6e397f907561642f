/** Messages made by the `thrift` library, and not by the code under test. */
import * as thrift from 'thrift';
import { LIBRARY_PROTOCOLS } from '../../src/thrift/generated_service.ts';
import { MESSAGE_TYPE, type ProtocolName } from '../../src/thrift/message.ts';
import { TYPE } from '../../src/thrift/value_type.ts';

/** A value and its type. Whole numbers of 64 bits are bigints. */
export type Value =
  | { readonly type: typeof TYPE.BOOL; readonly value: boolean }
  | {
      readonly type: typeof TYPE.I8 | typeof TYPE.I16 | typeof TYPE.I32 | typeof TYPE.DOUBLE;
      readonly value: number;
    }
  | { readonly type: typeof TYPE.I64; readonly value: bigint }
  | { readonly type: typeof TYPE.STRING; readonly value: string | Buffer }
  | { readonly type: typeof TYPE.STRUCT; readonly value: readonly Field[] }
  | {
      readonly type: typeof TYPE.LIST | typeof TYPE.SET;
      readonly of: number;
      readonly value: readonly Value[];
    }
  | {
      readonly type: typeof TYPE.MAP;
      readonly of: number;
      readonly to: number;
      readonly value: readonly (readonly [Value, Value])[];
    };

export interface Field {
  readonly id: number;
  readonly value: Value;
}

export interface MessageWishes {
  readonly protocol?: ProtocolName;
  readonly isFramed?: boolean;
  readonly type?: number;
  readonly sequenceId?: number;
}

/** The library's, with types of messages and values as the numbers they are. */
interface Output extends Omit<
  thrift.TProtocol,
  'writeMessageBegin' | 'writeFieldBegin' | 'writeMapBegin' | 'writeListBegin'
> {
  writeMessageBegin(name: string, type: number, sequenceId: number): void;
  writeFieldBegin(name: string, type: number, id: number): void;
  writeMapBegin(keyType: number, valueType: number, size: number): void;
  writeListBegin(elementType: number, size: number): void;
}

/** A call of a method with these arguments. */
export function callMessage(
  name: string,
  fields: readonly Field[],
  { protocol = 'binary', isFramed = true, type = MESSAGE_TYPE.CALL, sequenceId = 1 }: MessageWishes = {},
): Buffer {
  return written(protocol, isFramed, (output) => {
    output.writeMessageBegin(name, type, sequenceId);
    writeStruct(output, fields);
    output.writeMessageEnd();
  });
}

function written(protocol: ProtocolName, isFramed: boolean, write: (output: Output) => void): Buffer {
  const messages: Buffer[] = [];
  const Transport = isFramed ? thrift.TFramedTransport : thrift.TBufferedTransport;
  const output: Output = new LIBRARY_PROTOCOLS[protocol](
    new Transport(undefined, (message?: Buffer) => void messages.push(message ?? Buffer.alloc(0))),
  );
  write(output);
  output.flush();
  return Buffer.concat(messages);
}

function writeStruct(output: Output, fields: readonly Field[]): void {
  output.writeStructBegin('');
  for (const { id, value } of fields) {
    output.writeFieldBegin('', value.type, id);
    writeValue(output, value);
    output.writeFieldEnd();
  }
  output.writeFieldStop();
  output.writeStructEnd();
}

function writeValue(output: Output, value: Value): void {
  switch (value.type) {
    case TYPE.BOOL:
      return output.writeBool(value.value);
    case TYPE.I8:
      return output.writeByte(value.value);
    case TYPE.I16:
      return output.writeI16(value.value);
    case TYPE.I32:
      return output.writeI32(value.value);
    case TYPE.DOUBLE:
      return output.writeDouble(value.value);
    case TYPE.I64:
      return output.writeI64(int64(value.value));
    case TYPE.STRING:
      return typeof value.value === 'string'
        ? output.writeString(value.value)
        : output.writeBinary(value.value);
    case TYPE.STRUCT:
      return writeStruct(output, value.value);
    case TYPE.MAP:
      output.writeMapBegin(value.of, value.to, value.value.length);
      for (const [key, mapped] of value.value) {
        writeValue(output, key);
        writeValue(output, mapped);
      }
      return output.writeMapEnd();
    default:
      output.writeListBegin(value.of, value.value.length);
      for (const element of value.value) writeValue(output, element);
      return output.writeListEnd();
  }
}

/** The library's, of all 64 bits. */
export function int64(value: bigint): thrift.Int64 {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return new thrift.Int64(bytes);
}

/** A LogEvent's fields by their ids; others may be put behind them. */
export const logFields = (message: string, others: readonly Field[] = []): readonly Field[] => [
  { id: 1, value: { type: TYPE.I64, value: 1_700_000_000_000n } },
  { id: 2, value: { type: TYPE.STRING, value: 'api' } },
  { id: 3, value: { type: TYPE.STRING, value: 'h1' } },
  { id: 4, value: { type: TYPE.STRING, value: message } },
  ...others,
];

/** The arguments of sendLogs. */
export const logsArgument = (logs: readonly (readonly Field[])[]): readonly Field[] => [
  {
    id: 1,
    value: { type: TYPE.LIST, of: TYPE.STRUCT, value: logs.map((value) => ({ type: TYPE.STRUCT, value })) },
  },
];

/** The arguments of sendLog. */
export const logArgument = (value: readonly Field[]): readonly Field[] => [
  { id: 1, value: { type: TYPE.STRUCT, value } },
];

/** What is in an answer: its type, and the text and number of an exception, or the i32 of a result. */
export interface ReadAnswer {
  readonly name: string;
  readonly type: number;
  readonly sequenceId: number;
  readonly text?: string;
  readonly number?: number;
}

/** Reads answers with the library; all of them must be whole. */
export function readAnswers(bytes: Buffer, protocol: ProtocolName, isFramed: boolean): ReadAnswer[] {
  const answers: ReadAnswer[] = [];
  const read = (transport: thrift.TTransport): void => {
    const input = new LIBRARY_PROTOCOLS[protocol](transport);
    const { fname: name, mtype: type, rseqid: sequenceId } = input.readMessageBegin();
    const found: { text?: string; number?: number } = {};
    input.readStructBegin();
    for (;;) {
      const { ftype } = input.readFieldBegin();
      if (ftype === thrift.Thrift.Type.STOP) break;
      if (ftype === thrift.Thrift.Type.STRING) found.text = input.readString();
      else if (ftype === thrift.Thrift.Type.I32) found.number = input.readI32();
      else input.skip(ftype);
      input.readFieldEnd();
    }
    answers.push({ name, type, sequenceId, ...found });
  };
  if (!isFramed) {
    const transport = new thrift.TFramedTransport(bytes);
    for (const end = bytes.length; (transport as unknown as { readPos: number }).readPos < end;)
      read(transport);
    return answers;
  }
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    read(new thrift.TFramedTransport(bytes.subarray(at + 4, end)));
    at = end;
  }
  return answers;
}
