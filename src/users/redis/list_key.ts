/**
 * The keys of lists in Redis: `logs:user_<id>:<day>` is where entries are pushed, with the id's bytes as they are (the day
 * is what follows the last colon); `…:draining` is that list once it is taken away, to which nothing is pushed any more.
 */
import { bytesOfId, idOfBytes } from '../id_bytes.ts';

/** The list of a user's day. */
export interface ListName {
  readonly userId: string;
  readonly day: number;
}

const PREFIX = 'logs:user_';
const DRAINING = ':draining';
const COLON = 0x3a;

export const LIST_PATTERN = `${PREFIX}*`;

/** As text where that will do: it is quicker. */
export function keyOf({ userId, day }: ListName): string | Buffer {
  if (userId.isWellFormed()) return `${PREFIX}${userId}:${day}`;
  return Buffer.concat([Buffer.from(PREFIX), bytesOfId(userId), Buffer.from(`:${day}`)]);
}

export const drainingKeyOf = (list: ListName): Buffer =>
  Buffer.concat([Buffer.from(keyOf(list)), Buffer.from(DRAINING)]);

/** The list that has this key, taken away or not; undefined where none has. */
export function listOf(key: Buffer): ListName | undefined {
  const end = key.length - (key.toString('latin1').endsWith(DRAINING) ? DRAINING.length : 0);
  const colon = key.lastIndexOf(COLON, end - 1);
  const id = colon < PREFIX.length ? undefined : idOfBytes(key.subarray(PREFIX.length, colon));
  const day = Number(key.toString('latin1', colon + 1, end));
  if (id === undefined || !Number.isSafeInteger(day)) return undefined;
  const list = { userId: id, day };
  return [Buffer.from(keyOf(list)), drainingKeyOf(list)].some((known) => known.equals(key))
    ? list
    : undefined;
}
