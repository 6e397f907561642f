/** What the workers of a group tell each other by the bucket: the ledger of each partition, and that they are alive. */
import { hostname } from 'node:os';
import type { Bucket } from './bucket.ts';
import { tokenOf, workKey } from './names.ts';
import { decodeLedger, encodeLedger, type WorkLedger } from './work_ledger.ts';

export interface SeenLedger {
  readonly ledger: WorkLedger;
  readonly revision: number;
}

const memberPrefix = (group: string): string => `worker.${tokenOf(group)}.`;

export class WorkGroup {
  readonly name: string;
  readonly #bucket: Bucket;
  /** Of my own sign of life. */
  #revision = 0;
  #beat = 0;

  constructor(bucket: Bucket, name: string) {
    this.#bucket = bucket;
    this.name = name;
  }

  /** The ledger of a partition, or undefined where nobody of the group has worked on it. Rejects with Error where it can't be read as one. */
  async ledger(partition: number): Promise<SeenLedger | undefined> {
    return readLedger(this.#bucket, workKey(this.name, partition));
  }

  /** Writes a ledger over this revision (0: none). Settles with the new one, or undefined where another was quicker. */
  async write(partition: number, ledger: WorkLedger, revision: number): Promise<number | undefined> {
    return this.#bucket.replace(workKey(this.name, partition), Buffer.from(encodeLedger(ledger)), revision);
  }

  /** The workers there are, each with the revision of its last sign of life. */
  async members(): Promise<ReadonlyMap<string, number>> {
    const prefix = memberPrefix(this.name);
    const members = new Map<string, number>();
    for (const key of await this.#bucket.keys(prefix)) {
      const entry = await this.#bucket.get(key);
      if (entry !== undefined) members.set(key.slice(prefix.length), entry.revision);
    }
    return members;
  }

  /** Gives a sign of life. */
  async beat(worker: string): Promise<void> {
    const key = `${memberPrefix(this.name)}${worker}`;
    this.#beat += 1;
    const value = Buffer.from(JSON.stringify({ host: hostname(), pid: process.pid, beat: this.#beat }));
    const revision = await this.#bucket.replace(key, value, this.#revision);
    this.#revision = revision ?? (await this.#bucket.get(key))?.revision ?? 0;
  }

  /** Forgets a worker. */
  async leave(worker: string): Promise<void> {
    await this.#bucket.remove(`${memberPrefix(this.name)}${worker}`);
  }
}

/** The ledgers of all groups there are for a partition. */
export async function ledgersOf(bucket: Bucket, partition: number): Promise<WorkLedger[]> {
  const ledgers: WorkLedger[] = [];
  for (const key of await bucket.keys('work.')) {
    if (!key.endsWith(`.${partition}`)) continue;
    const seen = await readLedger(bucket, key);
    if (seen !== undefined) ledgers.push(seen.ledger);
  }
  return ledgers;
}

/** Forgets a group: nothing is kept in the streams for it any more. False where there is none of this name. */
export async function forgetGroup(bucket: Bucket, group: string): Promise<boolean> {
  const keys = [
    ...(await bucket.keys(`work.${tokenOf(group)}.`)),
    ...(await bucket.keys(memberPrefix(group))),
  ];
  for (const key of keys) await bucket.remove(key);
  return keys.length > 0;
}

async function readLedger(bucket: Bucket, key: string): Promise<SeenLedger | undefined> {
  const entry = await bucket.get(key);
  if (entry === undefined) return undefined;
  try {
    return { ledger: decodeLedger(entry.value.toString()), revision: entry.revision };
  } catch (cause) {
    throw new Error(`the key ${key} of the bucket: ${(cause as Error).message}`, { cause });
  }
}
