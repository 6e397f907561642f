/** Entries of HTTP into blocks of the archive. While a block is on its way the next one gathers; where none is, an entry goes at once. */
import type { CommitLog } from '../../../archive/commit_log.ts';
import type { SegmentFormat } from '../../../archive/format.ts';
import type { Lines } from '../../../entry.ts';
import { BufferUnavailable, type UserEntry } from '../../../users/user_buffer.ts';
import { BlockBuilder } from '../../block_builder.ts';

export interface GroupCommitOptions {
  readonly log: CommitLog;
  readonly format: SegmentFormat;
  readonly level: number;
  readonly now: () => number;
}

/** Follows `@` in the shipper id of what came by HTTP. */
export const HTTP_SHIPPER_NAME = 'http';

/** It is flushed by hand; this is for nothing but its timer. */
const LINGER_MS = 1000;

export class GroupCommit {
  readonly #builder: BlockBuilder;
  #onItsWay: Promise<void> | undefined;
  #gathering: Promise<void> | undefined;

  private constructor(builder: BlockBuilder) {
    this.#builder = builder;
  }

  static async create({ log, format, level, now }: GroupCommitOptions): Promise<GroupCommit> {
    const name = HTTP_SHIPPER_NAME;
    return new GroupCommit(await BlockBuilder.create({ name, log, format, level, now, lingerMs: LINGER_MS }));
  }

  /** Settles once all are durable, in one block. Rejects with BufferUnavailable where the archive does not take them. */
  async add(entries: readonly UserEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const durable = this.#builder.add(linesOf(entries));
    this.#gathering = durable;
    if (this.#onItsWay === undefined) this.#send();
    try {
      await durable;
    } catch (cause) {
      throw new BufferUnavailable(`the archive does not take it: ${(cause as Error).message}`, { cause });
    }
  }

  /** In the turn after this one: what came with it comes along. */
  #send(): void {
    const sent = Promise.withResolvers<void>();
    this.#onItsWay = sent.promise;
    setImmediate(() => {
      const block = this.#gathering;
      this.#gathering = undefined;
      this.#builder.flush();
      const next = (): void => {
        this.#onItsWay = undefined;
        if (this.#gathering !== undefined) this.#send();
      };
      if (block === undefined) next();
      else block.then(next, next);
    });
  }
}

/** Entries that lie one behind the other in memory, as those of one body do, are not copied. */
function linesOf(entries: readonly UserEntry[]): Lines {
  const count = entries.length;
  const [first] = entries;
  if (first === undefined) return { bytes: Buffer.alloc(0), count };
  let end = first.line.byteOffset;
  for (const { line } of entries) {
    if (line.buffer !== first.line.buffer || line.byteOffset !== end)
      return { bytes: Buffer.concat(entries.map((entry) => entry.line)), count };
    end += line.length;
  }
  const { buffer, byteOffset } = first.line;
  return { bytes: Buffer.from(buffer, byteOffset, end - byteOffset), count };
}
