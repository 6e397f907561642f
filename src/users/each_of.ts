import { setImmediate as turnOfOthers } from 'node:timers/promises';

/** So many files are open at once, however many users there are. */
const AT_ONCE = 16;

/** Calls `work` for each item, up to 16 at once. The first error ends it, once what had begun is over. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const results = await Promise.allSettled(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Calls `work`, which does not wait, for each item, and lets others have a turn every few. */
export async function inSlices<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    work(item);
    if (index % AT_ONCE === AT_ONCE - 1) await turnOfOthers();
  }
}
