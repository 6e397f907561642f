import type { Content } from './content.ts';
import type { Found } from './find.ts';
import { openContent } from './open_content.ts';
import type { Closable, OpenFiles } from './open_files.ts';
import type { Candidate } from './recognize.ts';
import { TailError } from './tail_error.ts';

/** A file that was found and is not recognized yet. It is held open, so that it can't go unread. */
export class Newcomer implements Closable {
  readonly inode: string;
  /** True where it was there when the following began. */
  readonly wasThere: boolean;
  readonly sinceMs: number;
  path: string;
  bytes: number;
  /** When it was written to last, by the system's clock. */
  modifiedMs: number;
  hasPath = true;
  /** It is not to be looked at before. */
  notBeforeMs = 0;
  #grewAtMs: number;
  readonly #openFiles: OpenFiles;
  #content: Content | undefined;

  constructor(found: Found, openFiles: OpenFiles, { wasThere, nowMs }: { wasThere: boolean; nowMs: number }) {
    this.inode = found.inode;
    this.path = found.paths[0] ?? '';
    this.bytes = found.bytes;
    this.modifiedMs = found.modifiedMs;
    this.wasThere = wasThere;
    this.sinceMs = this.#grewAtMs = nowMs;
    this.#openFiles = openFiles;
  }

  get isLastHold(): boolean {
    return !this.hasPath;
  }

  get isOpen(): boolean {
    return this.#content !== undefined;
  }

  /** Notes what the patterns find of it now. */
  seen(found: Found | undefined, nowMs: number): void {
    this.hasPath = found !== undefined;
    if (found === undefined) return;
    if (!found.paths.includes(this.path)) this.path = found.paths[0] ?? this.path;
    if (found.bytes !== this.bytes) this.#grew(nowMs, found.bytes);
  }

  /** What there is to recognize it by; undefined while it is empty, or no more files may be open. */
  async candidate(nowMs: number, settledMs: number): Promise<(Candidate & { content: Content }) | undefined> {
    if (this.#content === undefined && !(await this.#openFiles.makeRoom())) return undefined;
    this.#content ??= await openContent(this.path);
    this.#openFiles.used(this);
    const { inode, bytes, modifiedMs } = await this.#content.facts();
    this.modifiedMs = modifiedMs;
    if (inode !== this.inode) {
      await this.close();
      throw new TailError('replaced', `${this.path} is another file now`);
    }
    if (bytes !== this.bytes) this.#grew(nowMs, bytes);
    const isSettled = nowMs - this.#grewAtMs >= settledMs;
    if (bytes === 0 || (this.#content.isShort && !isSettled)) {
      // Its first bytes say how it is packed, so it is opened again when it has more.
      await this.close();
      return undefined;
    }
    return { inode, bytes, content: this.#content, isSettled };
  }

  #grew(nowMs: number, bytes: number): void {
    this.bytes = bytes;
    this.#grewAtMs = nowMs;
    this.notBeforeMs = 0;
  }

  /** Hands over what is open. */
  release(): void {
    this.#content = undefined;
    this.#openFiles.closed(this);
  }

  async close(): Promise<void> {
    const content = this.#content;
    this.release();
    await content?.close();
  }
}
