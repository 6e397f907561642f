import type { Socket } from 'node:net';
import { ByteWriter } from '../../thrift/client/byte_writer.ts';
import type { CallEncoder } from '../../thrift/client/call_encoder.ts';
import { CALL_ENCODERS } from '../../thrift/client/call_encoders.ts';
import type { LogEventFields } from '../../thrift/client/log_event_fields.ts';
import { readAnswer, type Answer } from '../../thrift/client/read_answer.ts';
import type { ProtocolName } from '../../thrift/message.ts';
import { MessageReader } from '../../thrift/message_reader.ts';
import { openSocket, type ClientTls } from '../open_socket.ts';

export interface ThriftClientOptions {
  readonly host: string;
  readonly port: number;
  readonly protocol: ProtocolName;
  readonly isFramed: boolean;
  /** The service's name in front of each method's, as servers with several services want it; empty: none. */
  readonly service: string;
  readonly tls?: ClientTls;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** What an answer may be: it is a number or a line of text. */
const ANSWER_LIMITS = {
  maxMessageBytes: 1024 * 1024,
  maxStringBytes: 1024 * 1024,
  maxElements: 1024,
  maxDepth: 16,
};

/** Bytes of a frame's length. */
const FRAME_BYTES = 4;

const LAST_SEQUENCE_ID = 0x7fffffff;

type Write = (encoder: CallEncoder, out: ByteWriter, sequenceId: number) => void;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to a Thrift server, ours or another. Calls may overlap: they are answered in their order. */
export class ThriftClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #options: ThriftClientOptions;
  readonly #reader = new MessageReader(ANSWER_LIMITS);
  readonly #out = new ByteWriter();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  readonly #ended = new AbortController();

  private constructor(socket: Socket, options: ThriftClientOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('the server closed the connection')));
    socket.setTimeout(options.timeoutMs, () => {
      if (this.#waiting.size > 0) this.#break(new Error(`no answer for ${options.timeoutMs / 1000} s`));
    });
  }

  /** Rejects with what the network said, or ShipperError `tls`. Aborting `signal` ends the attempt, not a connection that is made. */
  static async connect(options: ThriftClientOptions, signal: AbortSignal): Promise<ThriftClient> {
    const attempt = new AbortController();
    const end = (): void => attempt.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', end);
    try {
      return new ThriftClient(await openSocket(options, attempt.signal), options);
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Shows a token, as a Logferry receiver wants it before anything else. Rejects as `sendLogs` does. */
  authenticate(token: string): Promise<Answer> {
    const { service } = this.#options;
    const name = service === '' ? 'authenticate' : 'LogferryAccess:authenticate';
    return this.#call((encoder, out, id) => encoder.withText(out, name, id, token));
  }

  /**
   * Settles with the server's answer. Rejects where none will come: nobody knows then whether the entries were stored. So does
   * every call after that, unsent.
   */
  sendLogs(events: readonly LogEventFields[]): Promise<Answer> {
    const { service } = this.#options;
    const name = service === '' ? 'sendLogs' : `${service}:sendLogs`;
    return this.#call((encoder, out, id) => encoder.sendLogs(out, name, id, events));
  }

  /** Aborts when there will be no more answers, with the reason. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends the connection, whatever has not been answered. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#break(new Error('the connection was closed'));
    return Promise.resolve();
  }

  #call(write: Write): Promise<Answer> {
    if (this.ended.aborted) return Promise.reject(this.ended.reason as Error);
    this.#lastId = this.#lastId === LAST_SEQUENCE_ID ? 1 : this.#lastId + 1;
    const id = this.#lastId;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.write(this.#message(id, write));
    return answer;
  }

  #message(id: number, write: Write): Buffer {
    const { isFramed, protocol } = this.#options;
    const out = this.#out;
    out.length = isFramed ? FRAME_BYTES : 0;
    write(CALL_ENCODERS[protocol], out, id);
    if (isFramed) out.bytes.writeInt32BE(out.length - FRAME_BYTES);
    return out.copy();
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
        const { sequenceId } = message;
        const waiting = this.#waiting.get(sequenceId);
        if (waiting === undefined)
          throw new Error(`the server answered call ${sequenceId}, which was not waiting for an answer`);
        const answer = readAnswer(message);
        this.#waiting.delete(sequenceId);
        waiting.resolve(answer);
      }
    } catch (error) {
      this.#break(error as Error);
    }
  }

  #break(error: Error): void {
    if (this.ended.aborted) return;
    this.#ended.abort(error);
    this.#socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
