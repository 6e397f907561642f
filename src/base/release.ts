/** Smaller ones are left to the garbage collector: Node may have cut them out of memory that others use too. */
const LEAST_BYTES = 128 * 1024;

/**
 * Gives the memory of a large buffer back at once. Left to the garbage collector a megabyte costs three times as much:
 * collections come for it, and its pages are new ones every time (docs/PERFORMANCE.md).
 *
 * The buffer must have its memory for itself, and nobody may use it any more, nor a view of it, nor a read, write or
 * (de)compression that is still under way: afterwards it is empty.
 */
export function release({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_BYTES) buffer.transfer(0);
}
