/**
 * The large buffers on the way of an entry: what is read from a file, a frame's payload, what was compressed. Left to the
 * garbage collector they are most of what it is started for, and each is made of pages that are new ones every time;
 * lent again and again they cost nothing, and a collection is rare (docs/PERFORMANCE.md).
 *
 * Who gives a buffer back or releases it says that nobody will use it any more, nor a view of it, nor a read, write or
 * (de)compression that is still under way. One that is forgotten is collected as any other.
 */

/** Smaller ones are left to the garbage collector: Node may have cut them out of memory that others use too. */
const LEAST_BYTES = 128 * 1024;

/** What was read in smaller pieces is not worth the call. */
const LEAST_READ_BYTES = 16 * 1024;

/** Lengths are rounded up to so much, so that buffers of about the same length can stand for each other. */
const STEP_BYTES = 64 * 1024;

/** What waits to be lent is no more than that, and is let go after a while in which nobody asked. */
const MAX_SPARE_BYTES = 24 * 1024 * 1024;
const SPARE_FOR_MS = 10_000;

const lent = new WeakSet<ArrayBufferLike>();
let spare: ArrayBuffer[] = [];
let spareBytes = 0;
let clock: NodeJS.Timeout | undefined;

/** A buffer of `length` bytes for `giveBack`, not zeroed. */
export function lend(length: number): Buffer {
  if (length < LEAST_BYTES) return Buffer.allocUnsafeSlow(length);
  const memory = takeSpare(length) ?? newMemory(length);
  lent.add(memory);
  return Buffer.from(memory, 0, length);
}

/** Takes back the memory of a buffer that was lent, whole or a view of it. False for any other, which stays as it is. */
export function giveBack({ buffer }: Buffer): boolean {
  if (!lent.delete(buffer)) return false;
  const memory = buffer as ArrayBuffer;
  if (spareBytes + memory.byteLength > MAX_SPARE_BYTES) memory.transfer(0);
  else {
    spare.push(memory);
    spareBytes += memory.byteLength;
    clock ??= setTimeout(letGo, SPARE_FOR_MS).unref();
  }
  return true;
}

/** Gives the memory of a large buffer, which must have it for itself, back to the system at once: afterwards it is empty. */
export function release({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_BYTES) buffer.transfer(0);
}

/** As `release`, for what was read from a socket: where it fills its memory nothing else can be in there. */
export function releaseWhole({ buffer, length }: Buffer): void {
  if (length < LEAST_READ_BYTES || length !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

const newMemory = (length: number): ArrayBuffer =>
  Buffer.allocUnsafeSlow(Math.ceil(length / STEP_BYTES) * STEP_BYTES).buffer;

/** The smallest that is long enough, and not more than twice as long. */
function takeSpare(length: number): ArrayBuffer | undefined {
  let best: ArrayBuffer | undefined;
  for (const memory of spare) {
    const { byteLength } = memory;
    const fits = byteLength >= length && byteLength <= length * 2;
    if (fits && (best === undefined || byteLength < best.byteLength)) best = memory;
  }
  if (best === undefined) return undefined;
  spare.splice(spare.indexOf(best), 1);
  spareBytes -= best.byteLength;
  clock?.refresh();
  return best;
}

function letGo(): void {
  for (const memory of spare) memory.transfer(0);
  spare = [];
  spareBytes = 0;
  clock = undefined;
}
