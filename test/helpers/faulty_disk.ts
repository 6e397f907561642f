import { writeFile } from 'node:fs/promises';
import { systemDisk, type Disk, type SegmentFile } from '../../src/archive/disk.ts';

export type Fault =
  | 'create'
  /** The file is made, then making its name durable fails. */
  | 'create half-way'
  | 'reopen'
  | 'write'
  /** Half of the bytes are written. */
  | 'short write'
  | 'sync'
  /** The bytes are on disk all the same. */
  | 'close';

type Call = 'create' | 'reopen' | 'write' | 'sync' | 'close';

/** The system's disk with faults that tests switch on and off. */
export class FaultyDisk implements Disk {
  readonly faults = new Set<Fault>();
  /** What was asked of it, in order. */
  readonly calls: Call[] = [];
  /** Failures so far. */
  failures = 0;
  /** A slow disk: it does not sync before. */
  holdsSyncUntil: Promise<void> = Promise.resolve();
  /** Asked before each call, besides `faults`. */
  fails: (fault: Fault) => boolean = () => false;

  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  async create(path: string): Promise<SegmentFile> {
    this.calls.push('create');
    this.#mayFail('create');
    if (this.#isFaulty('create half-way')) {
      await writeFile(path, '', { flag: 'wx' });
      throw this.#failure('create half-way');
    }
    return this.#faulty(await systemDisk.create(path));
  }

  async reopen(path: string, bytes: number): Promise<SegmentFile> {
    this.calls.push('reopen');
    this.#mayFail('reopen');
    return this.#faulty(await systemDisk.reopen(path, bytes));
  }

  remove(path: string): Promise<void> {
    return systemDisk.remove(path);
  }

  #faulty(file: SegmentFile): SegmentFile {
    return {
      write: async (pieces, offset) => {
        this.calls.push('write');
        this.#mayFail('write');
        if (!this.#isFaulty('short write')) return file.write(pieces, offset);
        const bytes = Buffer.concat(pieces);
        await file.write([bytes.subarray(0, bytes.length / 2)], offset);
        throw this.#failure('short write');
      },
      sync: async () => {
        this.calls.push('sync');
        await this.holdsSyncUntil;
        await file.sync();
        this.#mayFail('sync');
      },
      close: async () => {
        this.calls.push('close');
        await file.close();
        this.#mayFail('close');
      },
    };
  }

  #isFaulty(fault: Fault): boolean {
    return this.faults.has(fault) || this.fails(fault);
  }

  #mayFail(fault: Fault): void {
    if (this.#isFaulty(fault)) throw this.#failure(fault);
  }

  #failure(fault: Fault): Error {
    this.failures += 1;
    return Object.assign(new Error(`the disk fails: ${fault}`), { code: 'EIO' });
  }
}
