/**
 * Where the entries of a user's day lie: `user_<name>/<day>.jsonl`, below the folder of all users. In `<name>` the
 * characters a to z, 0 to 9, `_` and `-` of the id stand for themselves, every other byte of it is `%` and two hex
 * digits: no two ids share a name, on file systems that take `A` for `a` and on those that normalise letters too, and
 * none leads out of the folder. A name that would be too long is `=` and the SHA-256 of the id's bytes; the folder then
 * has a file `id` with these.
 */
import { createHash } from 'node:crypto';
import { bytesOfId, idOfBytes } from './id_bytes.ts';

/** Of 255 bytes that a name may have, and with room for what others put behind it. */
const MAX_NAME_BYTES = 200;

const PREFIX = 'user_';
const HASHED = '=';
const ORDINARY = /^[a-z0-9_-]*$/;
const ENCODED = /^(?:[a-z0-9_-]|%[0-9a-f]{2})*$/;
const DAY_FILE = /^(-?(?:0|[1-9]\d*))\.jsonl$/;

/** In the folder of a user whose name is hashed: the bytes of the id. */
export const ID_FILE = 'id';

export function folderNameOf(id: string): string {
  if (ORDINARY.test(id) && id.length <= MAX_NAME_BYTES) return PREFIX + id;
  const bytes = bytesOfId(id);
  const name = encoded(bytes);
  return PREFIX + (name.length <= MAX_NAME_BYTES ? name : HASHED + hashOf(bytes));
}

/** True where the name does not say what the id is. */
export const isHashed = (folderName: string): boolean => folderName.startsWith(PREFIX + HASHED);

/** The id whose folder this is; undefined where it is none's, or hashed. */
export function idOfFolderName(folderName: string): string | undefined {
  const name = folderName.slice(PREFIX.length);
  if (!folderName.startsWith(PREFIX) || !ENCODED.test(name)) return undefined;
  const id = idOfBytes(decoded(name));
  return id !== undefined && folderNameOf(id) === folderName ? id : undefined;
}

/** The id in the file `id` of this folder; undefined where it does not belong to it. */
export function idOfHashedFolder(folderName: string, bytes: Buffer): string | undefined {
  const id = idOfBytes(bytes);
  return id !== undefined && folderNameOf(id) === folderName ? id : undefined;
}

/** Throws RangeError for what is no day. */
export function dayFileOf(day: number): string {
  if (!Number.isSafeInteger(day)) throw new RangeError(`${day} is not a day`);
  return `${day}.jsonl`;
}

/** The day whose file this is; undefined for any other. */
export function dayOfFile(name: string): number | undefined {
  const day = Number(DAY_FILE.exec(name)?.[1] ?? NaN);
  return Number.isSafeInteger(day) && dayFileOf(day) === name ? day : undefined;
}

function encoded(bytes: Buffer): string {
  let name = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    name += ORDINARY.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return name;
}

function decoded(name: string): Buffer {
  return Buffer.from(
    name.replaceAll(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
    'latin1',
  );
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
