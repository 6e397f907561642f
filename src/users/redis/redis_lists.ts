/** The lists of entries that wait in Redis, and how one is taken away, read and forgotten bit by bit. */
import { BufferUnavailable } from '../user_buffer.ts';
import { drainingKeyOf, keyOf, listOf, type ListName } from './list_key.ts';
import { errorCodeOf, expectReply, type RedisLink } from './redis_link.ts';

/** A list that is taken away: nothing is pushed to it any more. */
export interface TakenList extends ListName {
  readonly entries: number;
  /** About how many bytes Redis holds for it. */
  readonly bytes: number;
  /** It was taken before, and what was pushed since waits under its own key. */
  readonly isOld: boolean;
}

/** What was drained last, as Redis knows it. */
export interface DrainMark {
  /** Of the files it went to. */
  readonly filesId: string;
  readonly chunk: number;
}

const MARK_KEY = 'logs:drained';

/** Keys that Redis looks at in one go. */
const SCAN_COUNT = '1000';

export class RedisLists {
  readonly #link: RedisLink;
  readonly #pattern: string;

  constructor(link: RedisLink, pattern: string) {
    this.#link = link;
    this.#pattern = pattern;
  }

  /** All lists there are, some at a time, maybe one twice. */
  async *pages(): AsyncGenerator<readonly ListName[], void, undefined> {
    let cursor = '0';
    do {
      const scan = ['SCAN', cursor, 'MATCH', this.#pattern, 'COUNT', SCAN_COUNT, 'TYPE', 'list'];
      const [next, keys] = (await this.#link.call(scan)) as [Buffer, Buffer[]];
      cursor = next.toString();
      const lists = new Map<string, ListName>();
      for (const list of keys.map(listOf)) if (list) lists.set(`${list.day} ${list.userId}`, list);
      if (lists.size > 0) yield [...lists.values()];
    } while (cursor !== '0');
  }

  /** How many entries wait in each. */
  async lengths(lists: readonly ListName[]): Promise<number[]> {
    const replies = await this.#link.pipeline(
      lists.flatMap((list) => [
        ['LLEN', keyOf(list)],
        ['LLEN', drainingKeyOf(list)],
      ]),
    );
    const counts = replies.map((reply) => expectReply(reply) as number);
    return lists.map((_, index) => (counts[2 * index] ?? 0) + (counts[2 * index + 1] ?? 0));
  }

  /** Takes lists away, each whole and at once. One that was taken before is to be done first. */
  async take(lists: readonly ListName[]): Promise<TakenList[]> {
    const replies = await this.#link.pipeline(
      lists.flatMap((list) => {
        const draining = drainingKeyOf(list);
        return [
          ['RENAMENX', keyOf(list), draining],
          ['PERSIST', draining],
          ['LLEN', draining],
          ['MEMORY', 'USAGE', draining, 'SAMPLES', '5'],
        ];
      }),
    );
    return lists.map((list, index) => {
      const [renamed, , length, bytes] = replies.slice(4 * index, 4 * index + 4);
      if (errorCodeOf(renamed) !== 'ERR') expectReply(renamed);
      const entries = expectReply(length) as number;
      return { ...list, entries, bytes: (expectReply(bytes) as number | null) ?? 0, isOld: renamed === 0 };
    });
  }

  /** The first entries of lists that are taken away. */
  async heads(wanted: readonly { readonly list: ListName; readonly entries: number }[]): Promise<Buffer[][]> {
    const replies = await this.#link.pipeline(
      wanted.map(({ list, entries }) => ['LRANGE', drainingKeyOf(list), '0', String(entries - 1)]),
    );
    return replies.map((reply) => expectReply(reply) as Buffer[]);
  }

  /** All entries of a list, those that are taken away first. To be asked where there are few. */
  async all(list: ListName): Promise<Buffer[]> {
    const replies = await this.#link.transaction(
      [drainingKeyOf(list), keyOf(list)].map((key) => ['LRANGE', key, '0', '-1']),
    );
    return replies.flatMap((reply) => expectReply(reply) as Buffer[]);
  }

  async mark(): Promise<DrainMark | undefined> {
    const reply = (await this.#link.call(['GET', MARK_KEY])) as Buffer | null;
    const [filesId = '', chunk = ''] = reply?.toString().split(' ') ?? [];
    if (reply === null) return undefined;
    if (!/^\d+$/.test(chunk))
      throw new BufferUnavailable(`Redis' key ${MARK_KEY} holds what is none of ours`);
    return { filesId, chunk: Number(chunk) };
  }

  /** Forgets the first entries of lists that are taken away, and sets the mark: both or neither. */
  async forget(heads: readonly (ListName & { readonly entries: number })[], mark: DrainMark): Promise<void> {
    const replies = await this.#link.transaction([
      ...heads.map((list) => ['LTRIM', drainingKeyOf(list), String(list.entries), '-1']),
      ['SET', MARK_KEY, `${mark.filesId} ${mark.chunk}`],
    ]);
    for (const reply of replies) expectReply(reply);
  }
}
