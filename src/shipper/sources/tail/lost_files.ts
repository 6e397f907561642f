import type { SourcePosition, SourcePositions } from '../../../entry.ts';
import { START, type Place } from './fingerprint.ts';
import type { Recent } from './recent_bytes.ts';

/** A position whose file is not there, or not there any more. */
export interface Lost {
  readonly key: string;
  readonly place: Place;
  /** `device:inode` of the file when it was there. */
  readonly inode: string;
  readonly path: string;
  /** Of a packed file that was read to its end: how large it was. */
  readonly packedBytes?: number;
  readonly recent?: Recent;
  /**
   * `missing`: it was not found yet, and may be. `gone`: it was looked for twice, in vain. `replaced`: what has its inode now
   * is something else, so it was cut and written anew. What holds its bytes after that is a copy.
   */
  state: 'missing' | 'gone' | 'replaced';
  /** When it was first not found. */
  missedAtMs?: number;
}

/** Positions of files that are gone, kept in case a copy turns up. */
const MAX_LOST = 1000;

/** What tells a receiver to forget a position. */
export const GONE: SourcePosition = { offset: 0, head: '', headBytes: 0, isGone: true };

const KEY = /^#[0-9a-f]{16}$/;

/** The positions that no followed file has. */
export class LostFiles {
  readonly #lost = new Map<string, Lost>();
  readonly #byInode = new Map<string, readonly Lost[]>();

  /** Those among the receiver's positions that are of this kind of source. */
  constructor(from: SourcePositions = {}) {
    for (const [key, position] of Object.entries(from)) {
      const lost = lostFrom(key, position);
      if (lost !== undefined) this.add(lost);
    }
  }

  get size(): number {
    return this.#lost.size;
  }

  /** True while some were not looked for twice. */
  get hasMissing(): boolean {
    return this.all().some(({ state }) => state === 'missing');
  }

  all(): Lost[] {
    return [...this.#lost.values()];
  }

  /** Those that had this inode. */
  ofInode(inode: string): readonly Lost[] {
    return this.#byInode.get(inode) ?? [];
  }

  add(lost: Lost): void {
    this.#lost.set(lost.key, lost);
    this.#byInode.set(lost.inode, [...this.ofInode(lost.inode), lost]);
  }

  remove(lost: Lost): void {
    this.#lost.delete(lost.key);
    const others = this.ofInode(lost.inode).filter((one) => one !== lost);
    if (others.length === 0) this.#byInode.delete(lost.inode);
    else this.#byInode.set(lost.inode, others);
  }

  /** A file with this inode was recognized as another: nothing else has this inode any more. */
  replaced(inode: string): void {
    for (const lost of this.ofInode(inode)) lost.state = 'replaced';
  }

  /** Notes which were not found among these inodes, and believes it the second time, `confirmMs` later. */
  missed(inodes: { has(inode: string): boolean }, nowMs: number, confirmMs: number): void {
    for (const lost of this.#lost.values()) {
      if (lost.state !== 'missing') continue;
      if (inodes.has(lost.inode)) delete lost.missedAtMs;
      else if (lost.missedAtMs === undefined) lost.missedAtMs = nowMs;
      else if (nowMs - lost.missedAtMs >= confirmMs) lost.state = 'gone';
    }
  }

  /** Removes and answers those that are gone for longer than `forgetAfterMs`, or are too many. */
  takeForgotten(nowMs: number, forgetAfterMs: number): Lost[] {
    const old = this.all().filter(({ missedAtMs }, index) => {
      const isTooMany = index < this.#lost.size - MAX_LOST;
      return missedAtMs !== undefined && (isTooMany || nowMs - missedAtMs >= forgetAfterMs);
    });
    for (const lost of old) this.remove(lost);
    return old;
  }
}

/** The positions of this kind of source among all. */
export const ownKeys = (from: SourcePositions): string[] => Object.keys(from).filter((key) => KEY.test(key));

function lostFrom(key: string, position: SourcePosition): Lost | undefined {
  const { inode, path, packedBytes, part = 0, last = '', offset, head, headBytes } = position;
  if (!KEY.test(key) || inode === undefined || path === undefined) return undefined;
  return {
    ...{ key, inode, path, place: { ...START, offset, head, headBytes, last, part }, state: 'missing' },
    ...(packedBytes === undefined ? {} : { packedBytes }),
  };
}
