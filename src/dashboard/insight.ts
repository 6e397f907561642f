/** Levels, tags and services over the last hour, of the entries that were looked into: all that came, or a sample. */
import type { SeenEntry } from './entry_view.ts';
import { shortCopy } from './short_copy.ts';
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
  /** One for each ten seconds, also for those in which nothing came. */
  readonly #buckets: Bucket[] = [];

  /** An entry that was looked into, and when it came. */
  add({ names: { level, service, tags }, isMalformed }: SeenEntry, receivedAtMs: number): void {
    const bucket = this.#bucket(receivedAtMs);
    bucket.sampled += 1;
    bucket.malformed += isMalformed ? 1 : 0;
    bucket.levels.add(shortened(level));
    bucket.services.add(shortened(service));
    for (const tag of new Set(tags.map(shortened))) bucket.tags.add(tag);
  }

  /** Begins the buckets up to now: where nothing came they stay empty. */
  reach(nowMs: number): void {
    const atMs = beginOf(nowMs);
    const last = this.#buckets.at(-1)?.atMs ?? atMs - BUCKET_MS;
    const first = Math.max(last + BUCKET_MS, atMs - (BUCKETS - 1) * BUCKET_MS);
    for (let at = first; at <= atMs; at += BUCKET_MS) this.#buckets.push(emptyBucket(at));
    this.#buckets.splice(0, Math.max(0, this.#buckets.length - BUCKETS));
  }

  /** The last so many buckets, oldest first; the newest may still be filled. */
  last(count = BUCKETS): InsightBucket[] {
    return this.#buckets.slice(-count).map(shownOf);
  }

  /** What is looked into a moment late belongs to the bucket before; a clock that went back further fills the newest on. */
  #bucket(receivedAtMs: number): Bucket {
    this.reach(receivedAtMs);
    const [before, newest] = this.#buckets.slice(-2);
    if (newest !== undefined && before?.atMs === beginOf(receivedAtMs)) return before;
    return (newest ?? before) as Bucket;
  }
}

const beginOf = (atMs: number): number => atMs - (atMs % BUCKET_MS);

const emptyBucket = (atMs: number): Bucket => ({
  atMs,
  sampled: 0,
  malformed: 0,
  levels: new Tally(COUNTED.levels),
  tags: new Tally(COUNTED.tags),
  services: new Tally(COUNTED.services),
});

/** As JSON a control character is six letters. */
const shortened = (name: string | null): string =>
  name === null ? NONE : shortCopy(name, MAX_NAME).replace(/\p{C}/gu, '\ufffd');

const shownOf = ({ levels, tags, services, ...figures }: Bucket): InsightBucket => ({
  ...figures,
  levels: levels.top(TOLD.levels),
  tags: tags.top(TOLD.tags),
  services: services.top(TOLD.services),
});
