import type { ThriftLimits } from '../../../thrift/limits.ts';
import { ThriftError } from '../../../thrift/thrift_error.ts';
import type { Access, Pass } from '../../access.ts';
import { STRANGER_FRAME_BYTES } from '../../faults.ts';

export const DENIED = new ThriftError('unauthorized', 'the token is not one of this receiver');

/** What a connection may do before it has shown a token, where one is wanted: nothing but that, in a short message. */
export class Gate {
  readonly #access: Access;
  #pass: Pass | undefined;

  constructor(access: Access) {
    this.#access = access;
  }

  get isOpen(): boolean {
    return this.#pass !== undefined || !this.#access.isTokenWanted;
  }

  /** False once the token that opened it was withdrawn. */
  get isValid(): boolean {
    return this.#pass === undefined || this.#access.isValid(this.#pass);
  }

  /** Opens it, if this token lets in. */
  enter(token: string): boolean {
    this.#pass = this.#access.enter(token);
    return this.#pass !== undefined;
  }

  /** Throws ThriftError while it is closed. */
  expectOpen(): void {
    if (!this.isOpen)
      throw new ThriftError(
        'unauthorized',
        'a token is wanted: call authenticate(token) of LogferryAccess first (AUTH_TOKENS)',
      );
  }

  /** The limits that hold at the moment. */
  limited(limits: ThriftLimits): ThriftLimits {
    if (this.isOpen) return limits;
    return { ...limits, maxMessageBytes: Math.min(limits.maxMessageBytes, STRANGER_FRAME_BYTES) };
  }

  /** To a stranger nothing is said of limits: what it lacks is a token. */
  asToStranger(error: Error): Error {
    if (this.isOpen || !(error instanceof ThriftError) || error.code !== 'message_too_large') return error;
    const reason = `more than ${STRANGER_FRAME_BYTES} bytes in a message before a token (AUTH_TOKENS)`;
    return new ThriftError('unauthorized', reason);
  }
}
