import type { ReceivedBlock } from './block_message.ts';

/** A block of a partition. */
export interface StreamBlock extends ReceivedBlock {
  /** Its place in the stream. */
  readonly sequence: number;
}

/** Where a worker writes. */
export interface WorkTarget extends AsyncDisposable {
  /**
   * Writes blocks of a stream, which are in order, behind those given before; settles when they are durable. What it has
   * already it leaves out, so the same may be given again after a rejection, or a crash.
   */
  write(stream: string, blocks: readonly StreamBlock[]): Promise<void>;
}
