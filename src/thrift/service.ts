import type { Message } from './message.ts';

/** A call of a method. */
export interface ThriftCall extends Message {
  /** Without the name of a service. */
  readonly method: string;
  /** Nobody waits for an answer. */
  readonly isOneway: boolean;
  /** Address and port, for logs. */
  readonly peer: string;
  /** Aborts when nobody waits for the answer any more, or the receiver is told to stop: for what may take minutes. */
  readonly signal: AbortSignal;
}

/**
 * Answers a call: the bytes of the REPLY (or EXCEPTION) message in the call's protocol, without a frame's length; undefined
 * for a oneway call. `call.bytes` is to be read before the first await: the memory is used again. Rejects with a
 * ThriftError, of which the shell makes a TApplicationException; any other error is told as an internal one, and logged.
 */
export type ThriftMethod = (call: ThriftCall) => Promise<Buffer | undefined>;

/** A service for the shell (receiver/listeners/thrift). No two services of a shell have a method of the same name. */
export interface ThriftService {
  /** As the IDL names it: `Service:method` is how it is asked for on a connection with several. */
  readonly name: string;
  readonly methods: ReadonlyMap<string, ThriftMethod>;
  /** Those whose answers may be megabytes: few of them are under way at once, and one for each connection. */
  readonly largeMethods?: ReadonlySet<string>;
  /** Undefined while calls can be taken without memory growing; else settles when they can. Nothing is read meanwhile. */
  readonly room?: () => Promise<void> | undefined;
}
