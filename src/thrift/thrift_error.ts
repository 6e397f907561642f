/** What a TApplicationException says in its `type`. */
export const EXCEPTION = {
  UNKNOWN: 0,
  UNKNOWN_METHOD: 1,
  INVALID_MESSAGE_TYPE: 2,
  INTERNAL_ERROR: 6,
  PROTOCOL_ERROR: 7,
} as const;

/** By code: the type of its TApplicationException, and whether the connection ends with it. */
const CODES = {
  /** The first bytes are of no protocol and no transport of Thrift: there is nobody to answer. */
  not_thrift: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: true },
  bad_message: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: true },
  message_too_large: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: true },
  string_too_large: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: true },
  container_too_large: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: true },
  too_deep: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: true },
  wrong_message_type: { exception: EXCEPTION.INVALID_MESSAGE_TYPE, isFatal: true },
  unauthorized: { exception: EXCEPTION.INTERNAL_ERROR, isFatal: true },
  timeout: { exception: EXCEPTION.INTERNAL_ERROR, isFatal: true },
  busy: { exception: EXCEPTION.INTERNAL_ERROR, isFatal: true },
  unknown_method: { exception: EXCEPTION.UNKNOWN_METHOD, isFatal: false },
  /** The message is sound, but what it says can't be taken, however often it comes. */
  refused: { exception: EXCEPTION.PROTOCOL_ERROR, isFatal: false },
  /** It can't be taken at the moment. */
  unavailable: { exception: EXCEPTION.INTERNAL_ERROR, isFatal: false },
  internal: { exception: EXCEPTION.INTERNAL_ERROR, isFatal: false },
} as const;

export type ThriftErrorCode = keyof typeof CODES;

/** What is wrong with a message, or with what it asks for. The caller is told the message: it says nothing of the inside. */
export class ThriftError extends Error {
  override readonly name = 'ThriftError';
  readonly code: ThriftErrorCode;

  constructor(code: ThriftErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }

  /** Of the TApplicationException. */
  get exception(): number {
    return CODES[this.code].exception;
  }

  /** The connection ends with it. */
  get isFatal(): boolean {
    return CODES[this.code].isFatal;
  }
}
