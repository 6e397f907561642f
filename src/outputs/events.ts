/**
 * The output `events`: entries of the archive as events of the store. How much of the archive is in it is a mark of the
 * store, set in the same transaction as the last events before it. What comes again after a crash is known by its id.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FOLLOWERS_FOLDER } from '../archive/follower_places.ts';
import { writeFileAtomically } from '../base/atomic_file.ts';
import type { BlockHeader } from '../archive/block.ts';
import type { NewEvent } from '../events/event.ts';
import type { EventStore } from '../events/event_store.ts';
import { DuplicateConflict } from '../events/event_store_error.ts';
import { eventOf } from './entry_event.ts';
import type { FollowerState, Output, OutputPlan, Rows } from './output.ts';

const NAME = 'events';

export interface EventsOutputOptions {
  /** The archive. */
  readonly folder: string;
  /** What to call the store: a path, or a host. */
  readonly place: string;
  /** The store to write to. */
  readonly open: () => Promise<EventStore>;
  /** False where the store serves others too: it is left open then. */
  readonly isOwn: boolean;
  readonly maxPayloadBytes: number;
}

export function eventsOutput(options: EventsOutputOptions): OutputPlan {
  const { folder, place, open } = options;
  return {
    name: NAME,
    file: place,
    // Other archives may be followed into the same store.
    lockFolder: join(folder, FOLLOWERS_FOLDER, NAME),
    open: async (found = () => undefined) => EventsOutput.open(await open(), options, found),
    async reset() {
      const store = await open();
      try {
        await store.forgetMark(await markOf(folder));
      } finally {
        if (options.isOwn) await store[Symbol.asyncDispose]();
      }
    },
  };
}

/** What goes into one transaction. */
const CHUNK_EVENTS = 2000;
const CHUNK_BYTES = 4 * 1024 * 1024;

class EventsOutput implements Output {
  readonly saved: FollowerState | undefined;
  readonly #store: EventStore;
  readonly #mark: string;
  readonly #options: EventsOutputOptions;
  readonly #found: (finding: string) => void;
  #events: NewEvent[] = [];
  #bytes = 0;
  #block: BlockHeader | undefined;
  /** Entries of the block so far. */
  #entries = 0;

  private constructor(
    store: EventStore,
    mark: string,
    saved: string | undefined,
    options: EventsOutputOptions,
    found: (finding: string) => void,
  ) {
    this.#store = store;
    this.#mark = mark;
    this.#options = options;
    this.#found = found;
    this.saved = saved === undefined ? undefined : (JSON.parse(saved) as FollowerState);
  }

  static async open(
    store: EventStore,
    options: EventsOutputOptions,
    found: (finding: string) => void,
  ): Promise<EventsOutput> {
    try {
      const mark = await markOf(options.folder);
      return new EventsOutput(store, mark, await store.mark(mark), options, found);
    } catch (error) {
      if (options.isOwn) await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write({ header, rows }: Rows): Promise<void> {
    if (this.#block !== header) [this.#block, this.#entries] = [header, 0];
    for (const row of rows) {
      const event = eventOf(row, header, this.#entries, this.#options.maxPayloadBytes);
      this.#entries += 1;
      this.#events.push(event);
      this.#bytes += event.payload.byteLength;
      if (this.#events.length === CHUNK_EVENTS || this.#bytes >= CHUNK_BYTES) await this.#append();
    }
  }

  async save(state: FollowerState): Promise<void> {
    await this.#append({ name: this.#mark, value: JSON.stringify(state) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.isOwn) await this.#store[Symbol.asyncDispose]();
  }

  async #append(mark?: { readonly name: string; readonly value: string }): Promise<void> {
    try {
      await this.#store.appendAll(this.#events, mark === undefined ? {} : { mark });
    } catch (error) {
      if (!(error instanceof DuplicateConflict)) throw error;
      await this.#appendEach();
      if (mark !== undefined) await this.#store.appendAll([], { mark });
    }
    this.#events = [];
    this.#bytes = 0;
  }

  /** Leaves out entries that are there with other content: they were written with another EVENTS_MAX_PAYLOAD_BYTES, and stay as they are. */
  async #appendEach(): Promise<void> {
    const results = await Promise.allSettled(this.#events.map((event) => this.#store.append(event)));
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    const other = errors.find((error) => !(error instanceof DuplicateConflict));
    if (other !== undefined) throw other as Error;
    const [first] = errors as DuplicateConflict[];
    if (first !== undefined)
      this.#found(
        `entries that are there with other content stay as they are: ${errors.length}, the first: ${first.message}`,
      );
  }
}

/** The name of the mark of an archive: made when it is first asked for, and kept beside the archive. */
async function markOf(folder: string): Promise<string> {
  const file = join(folder, FOLLOWERS_FOLDER, 'events.mark');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const name = `archive ${randomUUID()}`;
  await mkdir(join(folder, FOLLOWERS_FOLDER), { recursive: true, mode: 0o750 });
  await writeFileAtomically(file, `${name}\n`);
  return name;
}
