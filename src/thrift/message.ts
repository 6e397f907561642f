import { BinaryCursor } from './binary_cursor.ts';
import { CompactCursor } from './compact_cursor.ts';
import type { Cursor } from './cursor.ts';

/** The three protocols, each over a framed or an unframed ("buffered") transport. */
export type ProtocolName = 'binary' | 'compact' | 'json';

export const MESSAGE_TYPE = { CALL: 1, REPLY: 2, EXCEPTION: 3, ONEWAY: 4 } as const;

export interface MessageHeader {
  /** `method`, or `Service:method` where the client multiplexes. */
  readonly name: string;
  /** One of MESSAGE_TYPE, or any other number a peer wrote. */
  readonly type: number;
  readonly sequenceId: number;
}

/** A message, whole. What it says was checked as far as grammar and limits go: a walk over it meets nothing half. */
export interface Message extends MessageHeader {
  readonly protocol: ProtocolName;
  readonly isFramed: boolean;
  /** From its first byte to its last, without a frame's length. They hold until the next bytes are read. */
  readonly bytes: Buffer;
  /** The struct of the call's arguments; of a JSON message translated to the binary protocol. They hold as long as `bytes`. */
  readonly struct: Buffer;
}

/** A cursor in front of the fields of the arguments. */
export function argumentsOf({ protocol, struct }: Pick<Message, 'protocol' | 'struct'>): Cursor {
  const cursor = protocol === 'compact' ? new CompactCursor() : new BinaryCursor();
  cursor.bytes = struct;
  cursor.end = struct.length;
  return cursor;
}
