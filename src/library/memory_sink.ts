/** Lines on their way to the thread that ships, by memory. */
import type { LineBytes } from './line_bytes.ts';
import type { Thread } from './thread.ts';

/** Lines are handed over when this much has come together, or at the end of the turn. */
const CHUNK_BYTES = 64 * 1024;

export interface MemorySinkOptions {
  /** Of lines that the thread has not compressed yet: those that come when it is reached are dropped. */
  readonly maxBytes: number;
  /** Called when lines begin to be dropped. */
  readonly onFull: () => void;
}

/** Gathers lines and hands them to the thread of the moment; while there is none they wait. Nothing in here waits, or throws. */
export class MemorySink {
  readonly #options: MemorySinkOptions;
  #thread: Thread | undefined;
  #chunks: Uint8Array[] = [];
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #fill = 0;
  #waitingBytes = 0;
  /** Bytes handed to the thread of the moment. */
  #posted = 0;
  #handOver: NodeJS.Immediate | undefined;
  /** Lines dropped since the last that was taken. */
  #lost = 0;
  /** Lines that wait for a thread. */
  #waiting = 0;
  /** Lines dropped in all. */
  dropped = 0;
  /** Lines handed to a thread, in all. */
  handedOver = 0;

  constructor(options: MemorySinkOptions) {
    this.#options = options;
  }

  /** From now on lines go to this thread, with the word that so many of those handed to the one before it are lost. */
  use(thread: Thread, lost = 0): void {
    this.#thread = thread;
    this.#posted = 0;
    if (lost > 0) thread.post({ kind: 'lost', entries: lost, reason: 'the thread that ships fell' });
    this.flush();
  }

  /** There is no thread for now. */
  pause(): void {
    this.#thread = undefined;
    this.#posted = 0;
  }

  take({ bytes, count }: LineBytes): void {
    if (this.#heldBytes + bytes.length > this.#options.maxBytes) {
      if (this.#lost === 0) this.#options.onFull();
      this.#lost += count;
      this.dropped += count;
      return;
    }
    if (this.#lost > 0) this.#declareLost();
    if (this.#fill + bytes.length > CHUNK_BYTES) this.#endChunk();
    if (bytes.length > CHUNK_BYTES) this.#chunks.push(new Uint8Array(bytes));
    else this.#fill += bytes.copy(this.#chunk, this.#fill);
    this.#waitingBytes += bytes.length;
    this.#waiting += count;
    if (this.#chunks.length > 0) this.flush();
    else this.#handOver ??= setImmediate(() => this.flush());
  }

  /** Hands over what has come together. */
  flush(): void {
    clearImmediate(this.#handOver);
    this.#handOver = undefined;
    if (this.#thread === undefined) return;
    this.#endChunk();
    this.handedOver += this.#waiting;
    this.#waiting = 0;
    for (const bytes of this.#chunks.splice(0)) {
      this.#posted += bytes.length;
      this.#waitingBytes -= bytes.length;
      this.#thread.post({ kind: 'lines', bytes });
    }
  }

  /** Hands over all there is: nothing more will come. */
  end(): void {
    this.flush();
    if (this.#lost > 0) this.#declareLost();
  }

  /** Lines that are neither compressed yet nor lost, in bytes. */
  get #heldBytes(): number {
    const taken = this.#thread?.figures.get('takenBytes') ?? 0;
    return this.#waitingBytes + this.#posted - taken;
  }

  /** What was dropped is told where it is missing. */
  #declareLost(): void {
    this.flush();
    if (this.#thread === undefined) return;
    this.#thread.post({
      kind: 'lost',
      entries: this.#lost,
      reason: 'entries came faster than they were compressed',
    });
    this.#lost = 0;
  }

  #endChunk(): void {
    if (this.#fill === 0) return;
    this.#chunks.push(new Uint8Array(this.#chunk.subarray(0, this.#fill)));
    this.#fill = 0;
  }
}
