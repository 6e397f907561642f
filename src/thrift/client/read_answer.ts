import { argumentsOf, MESSAGE_TYPE, type Message } from '../message.ts';
import type { Cursor } from '../cursor.ts';
import { ThriftError } from '../thrift_error.ts';
import { skipValue } from '../unknown_value.ts';
import { TYPE } from '../value_type.ts';

/** What a server answered to a call. */
export type Answer =
  | { readonly kind: 'result'; /** Of a method that returns an i32. */ readonly count: number | undefined }
  /** An exception of the service, or of Thrift itself; in its own words. */
  | { readonly kind: 'exception'; readonly message: string };

/** Reads an answer while its bytes hold. Throws ThriftError where it is none. */
export function readAnswer(message: Message): Answer {
  const cursor = argumentsOf(message);
  if (message.type === MESSAGE_TYPE.EXCEPTION) return { kind: 'exception', message: textOf(cursor) };
  if (message.type !== MESSAGE_TYPE.REPLY)
    throw new ThriftError('wrong_message_type', `a message of type ${message.type} is no answer`);
  let count: number | undefined;
  while (cursor.field() && cursor.type !== TYPE.STOP) {
    if (cursor.fieldId === 0 && cursor.type === TYPE.I32) count = Number(cursor.integer(TYPE.I32));
    else if (cursor.fieldId > 0 && cursor.type === TYPE.STRUCT)
      return { kind: 'exception', message: exceptionText(cursor) };
    else skipValue(cursor, cursor.type, true);
  }
  return { kind: 'result', count };
}

/** An exception of a service is a struct in a field of the answer. */
function exceptionText(cursor: Cursor): string {
  cursor.fieldId = 0;
  return textOf(cursor);
}

/** The first text of a struct: of a TApplicationException it is the message. */
function textOf(cursor: Cursor): string {
  while (cursor.field() && cursor.type !== TYPE.STOP) {
    if (cursor.type === TYPE.STRING) {
      cursor.string();
      return cursor.bytes.toString('utf8', cursor.at, cursor.at + cursor.length);
    }
    skipValue(cursor, cursor.type, true);
  }
  return 'an exception without a message';
}
