/**
 * What is remembered of shippers beside their messages, so that not all of these need be read, or kept: an entry
 * `place.<shipper>` of the bucket is the shipper's state after one of its messages, as zstd of JSON.
 */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { ArchiveError } from '../archive/archive_error.ts';
import type { Bucket } from './bucket.ts';
import type { Nats } from './connection.ts';
import { placeKey } from './names.ts';
import type { ShipperState } from './shipper_state.ts';

export interface PlaceEntry {
  readonly state: ShipperState;
  /** For `save`. */
  readonly revision: number;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** No entry is longer once it is read: positions have a bound of 8 MiB. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** Of the subject, the message id and the headers. */
const ENTRY_HEADER_BYTES = 4096;

export class PlaceStore {
  readonly #nats: Nats;
  readonly #bucket: Bucket;

  constructor(nats: Nats, bucket: Bucket) {
    this.#nats = nats;
    this.#bucket = bucket;
  }

  /** The entry of a shipper; undefined where there is none. Rejects where NATS does not answer, and with ArchiveError `damaged`. */
  async load(shipperId: string): Promise<PlaceEntry | undefined> {
    const entry = await this.#bucket.get(placeKey(shipperId));
    if (entry === undefined) return undefined;
    return { state: await decodeState(shipperId, entry.value), revision: entry.revision };
  }

  /**
   * Writes the entry where it is still of this revision (0: where there is none). Settles with the new revision, or undefined
   * where another was quicker. Rejects where NATS does not answer, and with ArchiveError `too_many_sources` where the server takes
   * no entry so long.
   */
  save(shipperId: string, state: ShipperState, revision: number): Promise<number | undefined> {
    return this.saveJson(shipperId, JSON.stringify(state), revision);
  }

  /** As `save`, for a state that was made JSON while it stood still. */
  async saveJson(shipperId: string, json: string, revision: number): Promise<number | undefined> {
    return this.#bucket.replace(placeKey(shipperId), await this.pack(shipperId, json), revision);
  }

  /** How long an entry may be, packed. */
  get room(): number {
    return this.#nats.maxMessageBytes - ENTRY_HEADER_BYTES;
  }

  /** The entry as it is saved. Rejects with ArchiveError `too_many_sources` where there is no room for it. */
  async pack(shipperId: string, json: string): Promise<Buffer> {
    const value = await compress(json);
    if (value.length <= this.room) return value;
    throw new ArchiveError(
      'too_many_sources',
      `what is remembered of ${shipperId} takes ${value.length} bytes, more than a message of this NATS (max_payload): divide its sources among several shippers`,
    );
  }
}

async function decodeState(shipperId: string, value: Buffer): Promise<ShipperState> {
  try {
    const json = await decompress(value, { maxOutputLength: MAX_JSON_BYTES });
    const state = JSON.parse(json.toString()) as Partial<ShipperState> | null;
    if (typeof state?.at !== 'number') throw new Error('it says nothing of where');
    return { ...state, at: state.at };
  } catch (cause) {
    throw new ArchiveError('damaged', `the entry of ${shipperId} in the bucket can't be read`, { cause });
  }
}
