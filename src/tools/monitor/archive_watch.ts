/** What the archive's folder takes and how far its followers are, looked at when somebody asks, and not too often. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readLoss, readPlaces } from '../../archive/follower_places.ts';
import { bytesBehind } from '../../archive/lag.ts';
import { listSegments } from '../../archive/segment_name.ts';
import { sizeOf } from '../../base/file_size.ts';
import type { ArchiveFigures, FollowerFigures } from '../../monitor/archive_figures.ts';

export interface WatchedArchive {
  readonly folder: string;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

const EVERY_MS = 2000;

/** An archive of very many segments takes a while to look at: it is not looked at for more than a twentieth of the time. */
const PAUSE_SHARE = 20;

/** Whoever asks does not wait longer for a disk that does not answer. */
const WITHIN_MS = 1000;

export class ArchiveWatch {
  readonly #archive: WatchedArchive;
  readonly #onTrouble: (error: Error) => void;
  #figures: ArchiveFigures | undefined;
  #looking: Promise<void> | undefined;
  #nextAt = 0;
  #isTroubled = false;

  /** A folder that can't be looked at is told to `onTrouble`, once an outage; the figures then stay as they were. */
  constructor(archive: WatchedArchive, onTrouble: (error: Error) => void) {
    this.#archive = archive;
    this.#onTrouble = onTrouble;
  }

  /** What was seen last; undefined before the first look. Where it is old it is looked again, for whoever asks next. */
  get figures(): ArchiveFigures | undefined {
    void this.#look();
    return this.#figures;
  }

  /** Settles when the figures are as new as they get, or after a second. */
  async refresh(): Promise<void> {
    const late = new AbortController();
    const tooLong = delay(WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.#look(), tooLong]);
    late.abort();
  }

  async #look(): Promise<void> {
    if (performance.now() < this.#nextAt && this.#looking === undefined) return;
    this.#looking ??= this.#lookNow().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async #lookNow(): Promise<void> {
    const begunAt = performance.now();
    try {
      this.#figures = await readArchive(this.#archive);
      this.#isTroubled = false;
    } catch (error) {
      if (!this.#isTroubled) this.#onTrouble(error as Error);
      this.#isTroubled = true;
    }
    const took = performance.now() - begunAt;
    this.#nextAt = performance.now() + Math.max(EVERY_MS, PAUSE_SHARE * took);
  }
}

async function readArchive({ folder, maxBytes, maxAgeMs }: WatchedArchive): Promise<ArchiveFigures> {
  const segments = await listSegments(folder);
  let bytes = 0;
  for (const { name } of segments) bytes += await sizeOf(join(folder, name));
  const { bavail, blocks, bsize } = await statfs(folder);
  const followers = await readFollowers(folder);
  const disk = { freeBytes: bavail * bsize, diskBytes: blocks * bsize };
  return { segments: segments.length, bytes, ...disk, maxBytes, maxAgeMs, followers };
}

/** The followers that are known in an archive. */
export async function readFollowers(folder: string): Promise<readonly FollowerFigures[]> {
  const followers: FollowerFigures[] = [];
  for (const [name, { position, savedAt, entries, malformed }] of await readPlaces(folder))
    followers.push({
      ...{ name, entries, malformed },
      lost: (await readLoss(folder, name)).entries,
      behindBytes: await bytesBehind(folder, position),
      savedAtMs: Date.parse(savedAt) || 0,
    });
  return followers;
}
