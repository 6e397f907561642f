/**
 * What a file is known by beside its inode, which the next file may get: its first bytes, and the bytes before the
 * place up to which it is done. A copy and a compressed copy of it have both.
 */
import { createHash } from 'node:crypto';
import type { SourcePosition } from '../../../entry.ts';
import { bytesAt, type Content } from './content.ts';

/** The head by which a file is known; less where it is shorter. */
export const HEAD_BYTES = 1024;

/** The bytes before a place by which it is known again; less near the start. */
export const LAST_BYTES = 256;

/** Up to where a file is done, and what it has before that. */
export type Place = Required<Pick<SourcePosition, 'offset' | 'head' | 'headBytes' | 'part' | 'last'>>;

/** SHA-256 in hex of the first bytes of a file. */
export const headOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The first half of the SHA-256, in hex, of the bytes before a place. */
export const lastOf = (bytes: Buffer): string => headOf(bytes).slice(0, 32);

/** Where nothing is done yet. */
export const START: Place = { offset: 0, part: 0, head: headOf(Buffer.alloc(0)), headBytes: 0, last: '' };

/** True where the content has what was before this place: all up to it was shipped already. */
export async function holds(content: Content, place: Place): Promise<boolean> {
  const { offset, last } = place;
  if (!startsAs(await bytesAt(content, 0, HEAD_BYTES), place)) return false;
  const before = Math.min(LAST_BYTES, offset);
  const bytes = await bytesAt(content, offset - before, before);
  return bytes.length === before && (before === 0 || lastOf(bytes) === last);
}

/** True where these first bytes of a file, up to HEAD_BYTES of them, begin as the one of this place does. */
export const startsAs = (first: Buffer, { head, headBytes }: Pick<Place, 'head' | 'headBytes'>): boolean =>
  headBytes <= first.length && headOf(first.subarray(0, headBytes)) === head;

/** The place at the end of the first `size` bytes of a content. */
export async function placeAt(content: Content, size: number): Promise<Place> {
  const head = await bytesAt(content, 0, Math.min(HEAD_BYTES, size));
  const before = Math.min(LAST_BYTES, size);
  const last = await bytesAt(content, size - before, before);
  return { offset: size, part: 0, head: headOf(head), headBytes: head.length, last: lastOf(last) };
}
