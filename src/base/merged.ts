/**
 * Several streams as one, each in its own order: of the items that are next in them the least comes first, of equals that
 * of the earlier stream. One item of each is held. A single stream is handed on as it is. All are ended with the iteration.
 */
export function merged<Item>(
  streams: readonly AsyncGenerator<Item, void, undefined>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item, void, undefined> {
  const [only] = streams;
  return only !== undefined && streams.length === 1 ? only : leastFirst(streams, compare);
}

async function* leastFirst<Item>(
  streams: readonly AsyncGenerator<Item, void, undefined>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item, void, undefined> {
  try {
    const begun = await Promise.all(streams.map((stream) => headOf(stream)));
    const heads = begun.filter((head) => head !== undefined);
    while (heads.length > 0) {
      const at = leastOf(heads, (a, b) => compare(a.item, b.item));
      const [head] = heads.splice(at, 1);
      if (head === undefined) return;
      yield head.item;
      const next = await headOf(head.stream);
      if (next !== undefined) heads.splice(at, 0, next);
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return()));
  }
}

interface Head<Item> {
  readonly stream: AsyncGenerator<Item, void, undefined>;
  readonly item: Item;
}

/** The next item of a stream; undefined at its end. */
async function headOf<Item>(stream: AsyncGenerator<Item, void, undefined>): Promise<Head<Item> | undefined> {
  const next = await stream.next();
  return next.done === true ? undefined : { stream, item: next.value };
}

/** Where the first of the least items lies. */
export function leastOf<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): number {
  let least = 0;
  for (const [index, item] of items.entries()) {
    const best = items[least];
    if (best !== undefined && compare(item, best) < 0) least = index;
  }
  return least;
}
