import { ThriftError } from './thrift_error.ts';

/** What a message may be. Each is looked at before anything is allocated for it. */
export interface ThriftLimits {
  readonly maxMessageBytes: number;
  readonly maxStringBytes: number;
  /** Of one list, set or map. */
  readonly maxElements: number;
  /** Structs, lists, sets and maps in each other, the arguments of a call counted in. */
  readonly maxDepth: number;
}

/** Throws ThriftError where a message of so many bytes is too large. */
export function expectMessage(bytes: number, { maxMessageBytes }: ThriftLimits): void {
  if (bytes > maxMessageBytes)
    throw new ThriftError(
      'message_too_large',
      `a message of ${bytes} bytes or more: at most ${maxMessageBytes} are taken (THRIFT_MAX_MESSAGE_BYTES)`,
    );
}

/** Throws ThriftError where a string (or binary) of so many bytes is too large. */
export function expectString(bytes: number, { maxStringBytes }: ThriftLimits): void {
  if (bytes > maxStringBytes)
    throw new ThriftError(
      'string_too_large',
      `a string of ${bytes} bytes: at most ${maxStringBytes} are taken (THRIFT_MAX_STRING_BYTES)`,
    );
}

/** Throws ThriftError where a container of so many elements is too large. */
export function expectElements(count: number, { maxElements }: ThriftLimits): void {
  if (count > maxElements)
    throw new ThriftError(
      'container_too_large',
      `a container of ${count} elements: at most ${maxElements} are taken (THRIFT_MAX_ELEMENTS)`,
    );
}

/** Throws ThriftError where so many levels are too deep. */
export function expectDepth(depth: number, { maxDepth }: ThriftLimits): void {
  if (depth > maxDepth)
    throw new ThriftError('too_deep', `it nests deeper than ${maxDepth} levels (THRIFT_MAX_DEPTH)`);
}
