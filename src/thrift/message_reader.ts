/**
 * Bytes to messages. What a message is in is told by its first bytes:
 *
 *     0x80              binary, unframed
 *     0x82              compact, unframed
 *     '[' (0x5b)        JSON, unframed: as a frame's length it would be more than a gigabyte
 *     0x00 to 0x7f      the length (i32) of a frame, and its first byte says the protocol as above
 */
import { BinaryCursor } from './binary_cursor.ts';
import { CompactCursor } from './compact_cursor.ts';
import { JsonEnd } from './json_end.ts';
import { JsonText } from './json_text.ts';
import { jsonArguments, jsonHeader } from './json_to_binary.ts';
import { expectMessage, type ThriftLimits } from './limits.ts';
import type { Message, MessageHeader, ProtocolName } from './message.ts';
import { FIRST_BYTE, binaryHeader, compactHeader } from './message_header.ts';
import { ReceivedBytes } from './received_bytes.ts';
import { StructScanner } from './struct_scanner.ts';
import { ThriftError } from './thrift_error.ts';

const FRAME_LENGTH_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** How far a message was understood: enough to answer it, where `protocol` is there. */
export interface Understood {
  readonly isFramed: boolean;
  readonly protocol?: ProtocolName;
  readonly header?: MessageHeader;
}

export class MessageReader {
  #limits: ThriftLimits;
  readonly #received = new ReceivedBytes();
  readonly #cursors = { binary: new BinaryCursor(), compact: new CompactCursor() };
  #scanner: StructScanner;
  #json = new JsonEnd();
  /** Of an unframed message that is not whole yet: how far it was looked at, where its struct begins. */
  #at = 0;
  #structAt = 0;
  #header: MessageHeader | undefined;
  #understood: Understood = { isFramed: false };

  constructor(limits: ThriftLimits) {
    this.#limits = limits;
    this.#scanner = new StructScanner(limits);
  }

  /** From the next message on. */
  allow(limits: ThriftLimits): void {
    this.#limits = limits;
    this.#scanner = new StructScanner(limits);
  }

  /** Bytes of a message that has begun and is not whole. */
  get pendingBytes(): number {
    return this.#received.length;
  }

  /** Of the message that was refused with the last error. */
  get understood(): Understood {
    return this.#understood;
  }

  push(chunk: Buffer): void {
    this.#received.push(chunk);
  }

  /** The next message, or undefined until more bytes come. Throws ThriftError; nothing is to be read after that. */
  next(): Message | undefined {
    const { view } = this.#received;
    const [first] = view;
    if (first === undefined) return undefined;
    const protocol = protocolOf(first);
    if (protocol !== undefined) return this.#unframed(view, protocol);
    if (first >= 0x80) throw notThrift(view);
    return this.#framed(view);
  }

  #framed(view: Buffer): Message | undefined {
    this.#understood = { isFramed: true };
    if (view.length < FRAME_LENGTH_BYTES) return undefined;
    const length = view.readUInt32BE(0);
    if (length > this.#limits.maxMessageBytes) {
      if (isText(view)) throw notThrift(view);
      this.#peek(view.subarray(FRAME_LENGTH_BYTES));
      expectMessage(length, this.#limits);
    }
    if (length === 0) throw new ThriftError('bad_message', 'a frame is empty');
    const end = FRAME_LENGTH_BYTES + length;
    if (view.length < end) return undefined;
    const bytes = view.subarray(FRAME_LENGTH_BYTES, end);
    const protocol = protocolOf(bytes[0] ?? 0);
    if (protocol === undefined) throw notThrift(bytes);
    this.#understood = { isFramed: true, protocol };
    const isWhole = this.#scan(bytes, protocol) === length;
    if (!isWhole) throw new ThriftError('bad_message', 'a frame and the message in it do not end together');
    this.#received.take(end);
    return this.#message(bytes, protocol, true);
  }

  #unframed(view: Buffer, protocol: ProtocolName): Message | undefined {
    this.#understood = { isFramed: false, protocol, ...(this.#header && { header: this.#header }) };
    const end = this.#scan(view, protocol);
    expectMessage(end === -1 ? view.length : end, this.#limits);
    if (end === -1) return undefined;
    this.#received.take(end);
    return this.#message(view.subarray(0, end), protocol, false);
  }

  /** Where the message ends that begins with `bytes`, or -1 where that is not in there: then it goes on from where it was. */
  #scan(bytes: Buffer, protocol: ProtocolName): number {
    if (protocol === 'json') {
      const end = this.#json.scan(bytes, this.#at, bytes.length);
      this.#at = bytes.length;
      return end;
    }
    const cursor = this.#cursors[protocol];
    cursor.bytes = bytes;
    cursor.at = this.#at;
    cursor.end = bytes.length;
    if (this.#header === undefined) {
      this.#header = cursor instanceof BinaryCursor ? binaryHeader(cursor) : compactHeader(cursor);
      if (this.#header === undefined) return -1;
      this.#understood = { ...this.#understood, header: this.#header };
      this.#structAt = cursor.at;
      cursor.fieldId = 0;
      this.#scanner.begin(cursor);
    }
    const isWhole = this.#scanner.scan(cursor);
    this.#at = cursor.at;
    return isWhole ? cursor.at : -1;
  }

  #message(bytes: Buffer, protocol: ProtocolName, isFramed: boolean): Message {
    const body = protocol === 'json' ? this.#translated(bytes) : { struct: bytes.subarray(this.#structAt) };
    const { name, type, sequenceId } = this.#header ?? { name: '', type: 0, sequenceId: 0 };
    this.#at = 0;
    this.#header = undefined;
    this.#json = new JsonEnd();
    for (const cursor of Object.values(this.#cursors)) cursor.bytes = NOTHING;
    return { name, type, sequenceId, protocol, isFramed, bytes, ...body };
  }

  #translated(bytes: Buffer): { struct: Buffer } {
    const text = new JsonText(bytes);
    this.#header = jsonHeader(text);
    this.#understood = { ...this.#understood, header: this.#header };
    return { struct: jsonArguments(text, this.#limits) };
  }

  /** Looks whom to answer, of a frame that will not be read. */
  #peek(bytes: Buffer): void {
    const protocol = protocolOf(bytes[0] ?? 0);
    if (protocol === undefined) return;
    this.#understood = { isFramed: true, protocol };
    if (protocol === 'json') return;
    const cursor = this.#cursors[protocol];
    cursor.bytes = bytes;
    cursor.at = 0;
    cursor.end = bytes.length;
    const header = cursor instanceof BinaryCursor ? binaryHeader(cursor) : compactHeader(cursor);
    if (header !== undefined) this.#understood = { isFramed: true, protocol, header };
  }
}

function protocolOf(first: number): ProtocolName | undefined {
  if (first === FIRST_BYTE.binary) return 'binary';
  if (first === FIRST_BYTE.compact) return 'compact';
  return first === FIRST_BYTE.json ? 'json' : undefined;
}

const isText = (bytes: Buffer): boolean => /^[A-Za-z]{3}/.test(bytes.toString('latin1', 0, 3));

/** What came is told as far as it is text: whoever asked by HTTP finds out so. */
function notThrift(bytes: Buffer): ThriftError {
  const start = bytes.subarray(0, 8);
  const shown = isText(bytes) ? JSON.stringify(start.toString('latin1')) : `0x${start.toString('hex')}`;
  return new ThriftError('not_thrift', `the first bytes are of no protocol of Thrift: ${shown}`);
}
