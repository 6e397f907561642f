import { isUtf8 } from 'node:buffer';
import { TFramedTransport } from 'thrift';
import type { Message } from './message.ts';
import { ThriftError } from './thrift_error.ts';

/**
 * A message for the library's protocols to read. Text that is no UTF-8 is refused with a ThriftError, where it is read:
 * the library would put U+FFFD for what it can't decode, and so make one text of two.
 */
export function utf8Transport({ protocol, bytes }: Pick<Message, 'protocol' | 'bytes'>): TFramedTransport {
  // In JSON all is text, and binary values are base64.
  return protocol === 'json' ? new TFramedTransport(textIn(bytes)) : new Utf8Transport(bytes);
}

class Utf8Transport extends TFramedTransport {
  override readString(length = 0): string {
    return textIn(this.read(length)).toString('utf8');
  }
}

function textIn(bytes: Buffer): Buffer {
  if (isUtf8(bytes)) return bytes;
  throw new ThriftError('refused', 'a text in the call is no UTF-8');
}
