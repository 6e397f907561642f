/** A service out of what the compiler generates: its Processor, and a handler of promises. */
import {
  TBinaryProtocol,
  TBufferedTransport,
  TCompactProtocol,
  TJSONProtocol,
  Thrift,
  type TProtocol,
  type TTransport,
} from 'thrift';
import type { ProtocolName } from './message.ts';
import type { ThriftCall, ThriftMethod, ThriftService } from './service.ts';
import { utf8Transport } from './utf8_transport.ts';

/** The library's, by name. */
export const LIBRARY_PROTOCOLS: Readonly<Record<ProtocolName, new (transport: TTransport) => TProtocol>> = {
  binary: TBinaryProtocol,
  compact: TCompactProtocol,
  json: TJSONProtocol,
};

/** What a handler may answer with where writing by the library is too slow: it writes the whole message itself, in some protocols. */
export class OwnReply {
  /** The message in the call's protocol; undefined: by the library, of `value`. */
  readonly write: (call: ThriftCall) => Buffer | undefined;
  readonly value: () => unknown;

  constructor(write: OwnReply['write'], value: OwnReply['value']) {
    this.write = write;
    this.value = value;
  }
}

type Handler = Readonly<Record<string, (...values: never[]) => Promise<unknown>>>;

type Process = (sequenceId: number, input: TProtocol, output: TProtocol) => void;

/**
 * Methods of `handler` are called with the arguments the IDL names, and the call's signal behind them. One that rejects with an exception its method declares
 * answers with that; any other error goes to the shell (service.ts), and so does text that is no UTF-8. Numbers of 64 bits
 * are the library's Int64.
 */
export function generatedService(
  name: string,
  Processor: new (handler: object) => object,
  handler: Handler,
): ThriftService {
  const methods = new Map<string, ThriftMethod>();
  for (const key of Object.getOwnPropertyNames(Processor.prototype)) {
    const [, method] = /^process_(\w+)$/.exec(key) ?? [];
    if (method === undefined) continue;
    const handle = handler[method];
    if (handle === undefined) throw new Error(`the handler of ${name} has no ${method}`);
    methods.set(method, (call) => answer(call, Processor, method, handle));
  }
  return { name, methods };
}

/** A processor for this one call: so its handler can tell the shell what went wrong. */
function answer(
  call: ThriftCall,
  Processor: new (handler: object) => object,
  method: string,
  handle: (...values: never[]) => Promise<unknown>,
): Promise<Buffer | undefined> {
  const { protocol, bytes, isOneway } = call;
  const answered = Promise.withResolvers<Buffer | undefined>();
  const Protocol = LIBRARY_PROTOCOLS[protocol];
  // The library hands out views of what it reads.
  const input = new Protocol(utf8Transport({ protocol, bytes: Buffer.from(bytes) }));
  const output = new Protocol(new TBufferedTransport(undefined, (message) => answered.resolve(message)));
  /** The library calls it with the values and, where there are any, with a callback behind them. */
  const called = async (...values: unknown[]): Promise<unknown> => {
    const callback = typeof values.at(-1) === 'function' ? (values.pop() as Callback) : undefined;
    try {
      const reply = await handle(...([...values, call.signal] as never[]));
      const message = reply instanceof OwnReply ? reply.write(call) : undefined;
      if (message !== undefined) {
        answered.resolve(isOneway ? undefined : message);
        return undefined;
      }
      const result = reply instanceof OwnReply ? reply.value() : reply;
      callback?.(null, result);
      if (isOneway) answered.resolve(undefined);
      return result;
    } catch (error) {
      if (!(error instanceof Thrift.TException)) answered.reject(error);
      // Of a method without arguments the library takes what it rejects with: there is no callback.
      else if (callback === undefined) throw error;
      else callback(error);
      return undefined;
    }
  };
  const processor = new Processor({ [method]: called }) as Readonly<Record<string, Process | undefined>>;
  const { rseqid } = input.readMessageBegin();
  processor[`process_${method}`]?.(rseqid, input, output);
  return answered.promise;
}

type Callback = (error: unknown, result?: unknown) => void;
