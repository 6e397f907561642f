/** Levels, tags and services over the last hour, of the entries that were looked into: all that came, or a sample. */
import type { EntryView } from './entry_view.ts';
import { Tally } from './tally.ts';

const BUCKET_MS = 10_000;
const BUCKETS = 360;

/** Names that are counted in a bucket, and of these told: an hour of them is sent to each page that is opened. */
const COUNTED = { levels: 10, tags: 20, services: 40 } as const;
const TOLD = { levels: 8, tags: 8, services: 10 } as const;
const MAX_NAME = 40;

export const NONE = '(none)';

type Count = readonly [name: string, entries: number];

/** What was seen of ten seconds. */
export interface InsightBucket {
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
  /** Entries that were looked into: the counts are of these. */
  readonly sampled: number;
  /** Lines that are no JSON object. */
  readonly malformed: number;
  readonly levels: readonly Count[];
  readonly tags: readonly Count[];
  readonly services: readonly Count[];
}

interface Bucket {
  readonly atMs: number;
  sampled: number;
  malformed: number;
  readonly levels: Tally;
  readonly tags: Tally;
  readonly services: Tally;
}

export class Insight {
  readonly #buckets: Bucket[] = [];

  /** An entry that was looked into, and when it came. */
  add({ level, service, tags }: EntryView, isMalformed: boolean, receivedAtMs: number): void {
    const bucket = this.#bucket(receivedAtMs);
    bucket.sampled += 1;
    bucket.malformed += isMalformed ? 1 : 0;
    bucket.levels.add(shortened(level));
    bucket.services.add(shortened(service));
    for (const tag of new Set(tags)) bucket.tags.add(shortened(tag));
  }

  /** The last so many buckets, oldest first; the newest may still be filled. */
  last(count = BUCKETS): InsightBucket[] {
    return this.#buckets.slice(-count).map(shownOf);
  }

  #bucket(receivedAtMs: number): Bucket {
    const atMs = receivedAtMs - (receivedAtMs % BUCKET_MS);
    const last = this.#buckets.at(-1);
    // A clock that went back fills the newest on.
    if (last !== undefined && last.atMs >= atMs) return last;
    const bucket = {
      atMs,
      sampled: 0,
      malformed: 0,
      levels: new Tally(COUNTED.levels),
      tags: new Tally(COUNTED.tags),
      services: new Tally(COUNTED.services),
    };
    this.#buckets.push(bucket);
    if (this.#buckets.length > BUCKETS) this.#buckets.shift();
    return bucket;
  }
}

const shortened = (name: string | null): string => (name ?? NONE).slice(0, MAX_NAME);

const shownOf = ({ levels, tags, services, ...figures }: Bucket): InsightBucket => ({
  ...figures,
  levels: levels.top(TOLD.levels),
  tags: tags.top(TOLD.tags),
  services: services.top(TOLD.services),
});
