/**
 * Which file a file is that was not there before. It is one that was lost if it has its inode and what was before its
 * place; it is a copy of one (by copytruncate, by gzip) if it has what was before its place, and the original has
 * been cut or is gone. While it may still turn out to be one it waits; else it is new.
 */
import { bytesAt, type Content } from './content.ts';
import { HEAD_BYTES, LAST_BYTES, headOf, holds, placeAt, type Place } from './fingerprint.ts';
import type { FollowedFile } from './followed_file.ts';
import type { Lost, LostFiles } from './lost_files.ts';
import type { Recent } from './recent_bytes.ts';

export type Verdict =
  | { readonly kind: 'new' }
  | { readonly kind: 'wait' }
  /** It goes on where `lost` was, at `place`. */
  | { readonly kind: 'known'; readonly lost: Lost; readonly place: Place; readonly isCopy: boolean };

/** A file that was not there before. */
export interface Candidate {
  readonly inode: string;
  readonly content: Content;
  /** Bytes on disk. */
  readonly bytes: number;
  /** True where it has been quiet for so long that it is no copy in the making. */
  readonly isSettled: boolean;
}

interface Opened extends Candidate {
  readonly opening: Opening;
}

/** The first bytes of a candidate, held against those of many files. */
class Opening {
  readonly bytes: Buffer;
  readonly #heads = new Map<number, string>();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  isOf({ head, headBytes }: Place): boolean {
    if (headBytes > this.bytes.length) return false;
    const mine = this.#heads.get(headBytes) ?? headOf(this.bytes.subarray(0, headBytes));
    this.#heads.set(headBytes, mine);
    return mine === head;
  }
}

/** `followed` are the files that are there and may be its original. */
export async function recognize(
  candidate: Candidate,
  lost: LostFiles,
  followed: Iterable<FollowedFile>,
): Promise<Verdict> {
  const opened = { ...candidate, opening: new Opening(await bytesAt(candidate.content, 0, HEAD_BYTES)) };
  const itself = await findItself(candidate, lost);
  lost.replaced(candidate.inode);
  if (itself !== undefined) return { kind: 'known', lost: itself, place: itself.place, isCopy: false };
  const original = await findOriginal(opened, lost);
  if (original !== undefined) return original;
  return (await mayBeCopy(opened, followed)) || (await hasOutgrown(opened))
    ? { kind: 'wait' }
    : { kind: 'new' };
}

/** The lost file with its inode, if this is it. */
async function findItself({ inode, content, bytes }: Candidate, lost: LostFiles): Promise<Lost | undefined> {
  const ofInode = lost.ofInode(inode).filter(({ state }) => state !== 'replaced');
  for (const one of ofInode.toSorted((a, b) => b.place.offset - a.place.offset))
    if (one.packedBytes === bytes || (await holds(content, one.place))) return one;
  return undefined;
}

async function findOriginal(candidate: Opened, lost: LostFiles): Promise<Verdict | undefined> {
  let mayBe: Verdict | undefined;
  for (const one of lost.all()) {
    if (one.place.offset === 0 || one.inode === candidate.inode) continue;
    const place = await placeInCopy(candidate, one);
    if (place === undefined) continue;
    const isLess = place.offset < one.place.offset;
    if (one.state === 'missing' || (isLess && !candidate.isSettled)) mayBe = { kind: 'wait' };
    else if (isProof(candidate, one, place)) return { kind: 'known', lost: one, place, isCopy: true };
  }
  return mayBe;
}

/**
 * That an original was cut, or that the copy is packed, says rotation. A file that is merely gone, and another that begins
 * with the same few lines, are two files: only more than a head in common makes one of them. So it is with a file that
 * has less than was read.
 */
function isProof({ content }: Candidate, { state, place }: Lost, { offset }: Place): boolean {
  const isRotation = state === 'replaced' || content.packing !== undefined;
  if (offset < place.offset) return isRotation && offset >= HEAD_BYTES + LAST_BYTES;
  return isRotation || offset >= HEAD_BYTES;
}

/** Where to go on in this content, if it is a copy of what was read up to this place. */
async function placeInCopy(
  { content, opening }: Opened,
  { place, recent }: { readonly place: Place; readonly recent?: Recent },
): Promise<Place | undefined> {
  if (opening.isOf(place) && (await holds(content, place))) return place;
  const size = await content.size();
  if (recent === undefined || size === undefined || size === 0 || size >= place.offset) return undefined;
  if (size >= place.headBytes && !opening.isOf(place)) return undefined;
  // The copy was made, the original grew and was read a little more, and then was cut: the copy holds nothing new.
  const before = Math.min(LAST_BYTES, size);
  const at = size - before - (recent.end - recent.bytes.length);
  if (at < 0 || size > recent.end) return undefined;
  const isPart = recent.bytes.subarray(at, at + before).equals(await bytesAt(content, size - before, before));
  return isPart ? placeAt(content, size) : undefined;
}

/** True where this may be a copy of a file that is still there: in the making, or about to take its place. */
async function mayBeCopy(candidate: Opened, followed: Iterable<FollowedFile>): Promise<boolean> {
  const { inode, content, isSettled } = candidate;
  for (const file of followed) {
    if (file.inode === inode) continue;
    const isRead = file.place.offset > 0;
    const isLike =
      (isRead && (await placeInCopy(candidate, file)) !== undefined) || (await isPrefix(candidate, file));
    if (!isLike) continue;
    if (!(await isStillThere(file))) {
      file.isDue = true;
      return true;
    }
    // One that is packed repeats what is there unpacked, for good.
    if (content.packing !== undefined || !isSettled) return true;
  }
  return false;
}

/** True where all of this content is the beginning of what the file holds. */
async function isPrefix({ content, opening }: Opened, file: FollowedFile): Promise<boolean> {
  const size = await content.size();
  if (size === undefined || size === 0 || file.packing !== undefined) return false;
  const { headBytes } = file.place;
  if (headBytes <= size && headBytes > 0 && !opening.isOf(file.place)) return false;
  const original = await file.content().catch(() => undefined);
  for (const from of [0, Math.max(0, size - LAST_BYTES)]) {
    const length = Math.min(HEAD_BYTES, size - from);
    if (original === undefined) return false;
    if (!(await bytesAt(content, from, length)).equals(await bytesAt(original, from, length))) return false;
  }
  return true;
}

/** True where it was held against others by less than it begins with now: a copy that was just being written. */
async function hasOutgrown({ content, opening: { bytes } }: Opened): Promise<boolean> {
  if (content.packing !== undefined || bytes.length === HEAD_BYTES) return false;
  return (await content.facts()).bytes > bytes.length;
}

async function isStillThere(file: FollowedFile): Promise<boolean> {
  if (file.packing !== undefined) return true;
  try {
    return file.hasPath && (await file.isUnchanged());
  } catch {
    return false;
  }
}
