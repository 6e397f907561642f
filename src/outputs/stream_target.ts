/**
 * An output that a worker writes, in place of one that follows an archive: blocks of partitions in, their entries out. How far
 * each partition is in the output is saved with the data. What comes while the output saves is the next to be saved together.
 */
import { inflateBody } from '../archive/format.ts';
import { release } from '../base/large_buffers.ts';
import type { StreamBlock, WorkTarget } from '../jetstream/work_target.ts';
import { AT_START, type FollowerState, type Output, type OutputPlan } from './output.ts';
import { RejectedLines } from './rejected_lines.ts';
import { partsOf } from './rows.ts';

export interface StreamTargetOptions {
  /** Of the worker: lines that are no JSON are kept there. */
  readonly folder: string;
  readonly plan: OutputPlan;
  readonly group: string;
  readonly worker: string;
  /** Something a person should know. */
  readonly found: (finding: string) => void;
}

interface Waiting {
  readonly stream: string;
  readonly blocks: readonly StreamBlock[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface OpenOutput {
  readonly output: Output;
  readonly rejected: RejectedLines;
}

/** A transaction of the output takes no more than this at once, but for one stretch that alone is longer. */
const SAVE_EVERY_BYTES = 32 * 1024 * 1024;

export class StreamTarget implements WorkTarget {
  readonly #options: StreamTargetOptions;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #open: OpenOutput | undefined;
  #state: FollowerState = AT_START;

  private constructor(options: StreamTargetOptions) {
    this.#options = options;
  }

  /** Opens the output. Rejects where it can't be, and where it is of another worker or group. */
  static async open(options: StreamTargetOptions): Promise<StreamTarget> {
    const target = new StreamTarget(options);
    await target.#reopen();
    return target;
  }

  /** What is saved. */
  get state(): FollowerState {
    return this.#state;
  }

  /** Rejects where the output can't be written: it then stands where it was saved last, and the same may be given again. */
  write(stream: string, blocks: readonly StreamBlock[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ stream, blocks, resolve, reject });
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#writeGroup(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error as Error);
        await this.#close().catch(this.#told);
      }
    }
  }

  /** What waits, as far as it may be saved at once. */
  #nextGroup(): Waiting[] {
    let bytes = 0;
    const tooMuch = this.#waiting.findIndex(({ blocks }, index) => {
      for (const { header } of blocks) bytes += header.rawLength;
      return index > 0 && bytes > SAVE_EVERY_BYTES;
    });
    return this.#waiting.splice(0, tooMuch === -1 ? this.#waiting.length : tooMuch);
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const open = this.#open ?? (await this.#reopen());
    const { worker, group: name } = this.#options;
    let state = this.#state;
    const streams = { ...state.work?.streams };
    for (const { stream, blocks } of group) {
      for (const block of blocks) {
        if (block.sequence <= (streams[stream] ?? 0)) continue;
        state = await this.#writeBlock(open, { ...block, stream }, state);
        streams[stream] = block.sequence;
      }
    }
    await open.rejected.sync();
    const work = { worker, group: name, streams };
    state = { ...state, rejectedBytes: open.rejected.bytes, work };
    await open.output.save(state);
    this.#state = state;
  }

  async #writeBlock(
    { output, rejected }: OpenOutput,
    block: StreamBlock & { readonly stream: string },
    state: FollowerState,
  ): Promise<FollowerState> {
    const { header, stream, sequence } = block;
    if (header.count === 0) return state;
    const raw = await rawOf(block).catch((error: unknown) => {
      this.#options.found(`message ${sequence} of ${stream} is left out: ${(error as Error).message}`);
    });
    if (raw === undefined) return { ...state, damaged: state.damaged + header.count };
    let { entries, malformed } = state;
    const read = { header, raw, position: { segment: stream, offset: sequence } };
    for (const part of partsOf(read)) {
      if (part.malformed.length > 0) await rejected.add(read, part.malformed);
      if (part.rows.rows.length > 0) await output.write(part.rows);
      entries += part.rows.rows.length;
      malformed += part.malformed.length;
    }
    release(raw);
    return { ...state, entries, malformed };
  }

  /** Opens the output where it was saved last. */
  async #reopen(): Promise<OpenOutput> {
    const { folder, plan, found } = this.#options;
    const output = await plan.open(found);
    try {
      const saved = output.saved ?? AT_START;
      expectOwn(saved, this.#options);
      const rejected = await RejectedLines.open(folder, plan.name, saved.rejectedBytes);
      this.#state = saved;
      return (this.#open = { output, rejected });
    } catch (error) {
      await output[Symbol.asyncDispose]();
      throw error;
    }
  }

  readonly #told = (error: unknown): void =>
    this.#options.found(`${this.#options.plan.file}: ${(error as Error).message}`);

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.output[Symbol.asyncDispose]();
  }
}

/** Throws where what is saved in an output was not written by this worker: what it says of the streams is another's then. */
function expectOwn({ work }: FollowerState, { plan, worker, group }: StreamTargetOptions): void {
  if (work === undefined || (work.worker === worker && work.group === group)) return;
  throw new Error(
    `${plan.file} was written by the worker ${work.worker} of the group ${work.group}, and this is ${worker} of ${group}: name another file, or go on with that one's DATA_DIR`,
  );
}

/** The entries of a block, checked. Throws ArchiveError `damaged`. */
const rawOf = ({ format, header, body }: StreamBlock): Promise<Buffer> =>
  inflateBody(format, header, Buffer.concat([body, format.trailer(header.crc, header.rawLength)]));
