/**
 * The output `users`: what came by HTTP, in a file per user and day. Its position is saved with the entries, in the
 * journal of the files (users/journal.ts), which may be written by drainers at the same time.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_SHIPPER_PREFIX } from '../archive/block.ts';
import { dayOf } from '../users/user_buffer.ts';
import { UserFiles, writerFolder, type UserLines } from '../users/user_files.ts';
import type { FollowerState, Output, OutputPlan, Row, Rows } from './output.ts';

/** The shippers whose entries have users: of a stream, where receivers number them by runs, `@http-<run>`. */
const SHIPPER_ID = new RegExp(`^${LOCAL_SHIPPER_PREFIX}http(?:-|$)`);

export function usersOutput({ folder }: { readonly folder: string }): OutputPlan {
  return {
    name: 'users',
    file: folder,
    lockFolder: join(writerFolder(folder), 'follower'),
    open: async () => UsersOutput.open(await UserFiles.open(folder)),
    async reset() {
      await mkdir(folder, { recursive: true });
      throw new Error(
        `${folder} may hold what came another way than by this archive: move it away, and all is written anew`,
      );
    },
  };
}

interface UserDay {
  readonly userId: string;
  readonly day: number;
  readonly lines: string[];
}

class UsersOutput implements Output {
  readonly saved: FollowerState | undefined;
  readonly #files: UserFiles;
  /** By user and day: what was written and is not saved. */
  #unsaved = new Map<string, UserDay>();

  private constructor(files: UserFiles, saved: FollowerState | undefined) {
    this.#files = files;
    this.saved = saved;
  }

  static async open(files: UserFiles): Promise<UsersOutput> {
    const saved = await files.turn((turn) => Promise.resolve(turn.places.follower));
    return new UsersOutput(files, saved as FollowerState | undefined);
  }

  write({ header, rows }: Rows): void {
    if (SHIPPER_ID.test(header.shipperId)) for (const row of rows) this.#add(row);
  }

  async save(state: FollowerState): Promise<void> {
    await this.#files.turn(async (turn) => {
      const prepared = [...this.#unsaved.values()].map((day) => turn.prepare(linesOf(day)));
      await turn.append(prepared, { follower: state });
    });
    this.#unsaved = new Map();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]();
  }

  #add({ line, entry }: Row): void {
    const { user_id: userId, timestamp } = entry;
    if (typeof userId !== 'string' || !Number.isSafeInteger(timestamp)) return;
    const day = dayOf(timestamp as number);
    const name = `${day} ${userId}`;
    let known = this.#unsaved.get(name);
    if (known === undefined) this.#unsaved.set(name, (known = { userId, day, lines: [] }));
    known.lines.push(line);
  }
}

const linesOf = ({ userId, day, lines }: UserDay): UserLines => ({
  userId,
  day,
  lines: Buffer.from(`${lines.join('\n')}\n`),
});
