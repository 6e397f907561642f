/**
 * A follower: blocks of the archive in, entries of an output out, at its own pace.
 *
 *     archive ─▶ reader ─▶ rows ─▶ output.write … output.save (position and data, together)
 *                            └─▶ rejected/NAME.jsonl
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ArchiveReader, type ReadBlock } from '../archive/follow.ts';
import { publishPlace } from '../archive/follower_places.ts';
import { release } from '../base/large_buffers.ts';
import { AT_START, type FollowerState, type Output, type OutputPlan } from './output.ts';
import { RejectedLines } from './rejected_lines.ts';
import { partsOf } from './rows.ts';

export interface FollowOptions {
  /** The archive. */
  readonly folder: string;
  readonly plan: OutputPlan;
  /** End when everything that is there by then is read. */
  readonly isOnce?: boolean;
  /** Takes nothing new, saves what it has, ends. */
  readonly signal: AbortSignal;
  /** Something a person should know. */
  readonly found: (finding: string) => void;
  /** It has saved to its output. */
  readonly onSave?: () => void;
  readonly now?: () => number;
}

/** How long what was written may be unsaved, and how much of it there may be: a crash means writing so much again. */
const SAVE_EVERY_MS = 500;
const SAVE_EVERY_BYTES = 32 * 1024 * 1024;

/** So often the position is told to retention. */
const PUBLISH_EVERY_MS = 1000;

/** Where blocks come one by one they are taken in handfuls. */
const LINGER_MS = 20;

/** Follows until the signal aborts, or, with `isOnce`, until it has caught up; the answer is where it stands then. Rejects with the first error. */
export async function followArchive(options: FollowOptions): Promise<FollowerState> {
  const { folder, plan, isOnce = false, signal } = options;
  await using output = await plan.open(options.found);
  expectNoWork(output, plan);
  const rejected = await RejectedLines.open(folder, plan.name, output.saved?.rejectedBytes ?? 0);
  const follower = new Follower(options, output, rejected);
  await using reader = follower.reader;
  await follower.publish();
  while (!signal.aborted) {
    const block = await reader.next();
    if (block !== undefined) await follower.take(block);
    if (follower.isSaveDue) await follower.save();
    if (follower.isPublishDue) await follower.publish();
    if (block !== undefined) continue;
    if (isOnce) break;
    await reader.more(signal, follower.untilSaveMs);
    await delay(LINGER_MS, undefined, { signal }).catch(() => undefined);
  }
  await follower.save();
  await follower.publish();
  return follower.state;
}

/** Throws where an output was written out of streams: the archive holds some of the same entries. */
function expectNoWork({ saved }: Output, { file }: OutputPlan): void {
  if (saved?.work === undefined) return;
  throw new Error(
    `${file} was written by the worker ${saved.work.worker} out of JetStream: write it anew with follow --from start, or name another file`,
  );
}

class Follower {
  readonly reader: ArchiveReader;
  readonly #options: FollowOptions;
  readonly #output: Output;
  readonly #rejected: RejectedLines;
  readonly #now: () => number;
  #state: FollowerState;
  #unsavedBytes = 0;
  #savedAt: number;
  #publishedAt = -Infinity;
  #published: FollowerState | undefined;

  constructor(options: FollowOptions, output: Output, rejected: RejectedLines) {
    this.#options = options;
    this.#output = output;
    this.#rejected = rejected;
    this.#now = options.now ?? Date.now;
    this.#state = output.saved ?? AT_START;
    this.#savedAt = performance.now();
    const { found } = options;
    this.reader = new ArchiveReader(options.folder, this.#state.position, {
      damaged: ({ segment, offset }, message, entries) => {
        this.#state = { ...this.#state, damaged: this.#state.damaged + Math.max(1, entries) };
        found(`damage in ${segment} at byte ${offset} is left out: ${message}`);
      },
      gone: (segment, next) => found(`${segment} was deleted while it was being read: going on with ${next}`),
    });
  }

  get state(): FollowerState {
    return this.#state;
  }

  async take(block: ReadBlock): Promise<void> {
    let { entries, malformed } = this.#state;
    for (const part of partsOf(block)) {
      if (part.malformed.length > 0) await this.#rejected.add(block, part.malformed);
      if (part.rows.rows.length > 0) await this.#output.write(part.rows);
      entries += part.rows.rows.length;
      malformed += part.malformed.length;
    }
    this.#unsavedBytes += block.raw.length;
    this.#state = { ...this.#state, entries, malformed };
    release(block.raw);
  }

  get isSaveDue(): boolean {
    return this.#isUnsaved && (this.untilSaveMs === 0 || this.#unsavedBytes >= SAVE_EVERY_BYTES);
  }

  /** How long saving can wait; for ever where there is nothing to save. */
  get untilSaveMs(): number {
    return this.#isUnsaved ? Math.max(0, this.#savedAt + SAVE_EVERY_MS - performance.now()) : Infinity;
  }

  get #isUnsaved(): boolean {
    const { position } = this.reader;
    const saved = this.#state.position;
    return position?.segment !== saved?.segment || position?.offset !== saved?.offset;
  }

  /** Saves what was written since; nothing where that is nothing. */
  async save(): Promise<void> {
    if (!this.#isUnsaved || this.reader.position === undefined) return;
    await this.#rejected.sync();
    this.#state = {
      ...this.#state,
      position: this.reader.position,
      rejectedBytes: this.#rejected.bytes,
    };
    await this.#output.save(this.#state);
    this.#options.onSave?.();
    this.#unsavedBytes = 0;
    this.#savedAt = performance.now();
  }

  get isPublishDue(): boolean {
    return this.#published !== this.#state && performance.now() - this.#publishedAt >= PUBLISH_EVERY_MS;
  }

  /** Tells retention what is read and saved. */
  async publish(): Promise<void> {
    this.#publishedAt = performance.now();
    this.#published = this.#state;
    const { position, entries, malformed } = this.#state;
    await publishPlace(this.#options.folder, this.#options.plan.name, {
      ...(position === undefined ? {} : { position }),
      savedAt: new Date(this.#now()).toISOString(),
      entries,
      malformed,
    });
  }
}
