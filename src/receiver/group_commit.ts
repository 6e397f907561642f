/** Entries of many callers into blocks of the archive. While a block is on its way the next one gathers; where none is, an entry goes at once. */
import type { CommitLog } from '../archive/commit_log.ts';
import type { SegmentFormat } from '../archive/format.ts';
import type { Lines } from '../entry.ts';
import { BlockBuilder } from './block_builder.ts';

export interface GroupCommitOptions {
  /** Follows `@` in the shipper id. */
  readonly name: string;
  readonly log: CommitLog;
  readonly format: SegmentFormat;
  readonly level: number;
  readonly now: () => number;
}

/** It is flushed by hand; this is for nothing but its timer. */
const LINGER_MS = 1000;

export class GroupCommit {
  readonly #builder: BlockBuilder;
  #onItsWay: Promise<void> | undefined;
  #gathering: Promise<void> | undefined;

  private constructor(builder: BlockBuilder) {
    this.#builder = builder;
  }

  static async create(options: GroupCommitOptions): Promise<GroupCommit> {
    return new GroupCommit(await BlockBuilder.create({ ...options, lingerMs: LINGER_MS }));
  }

  /** Settles once all are durable, in one block. Rejects as `CommitLog.append` does. Of `lines` nothing is kept, but where they fill a block. */
  add(lines: Lines): Promise<void> {
    const durable = this.#builder.add(lines);
    this.#gathering = durable;
    if (this.#onItsWay === undefined) this.#send();
    return durable;
  }

  /** As BlockBuilder.hasRoom. */
  hasRoom(): Promise<void> {
    return this.#builder.hasRoom();
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
