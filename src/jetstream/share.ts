/** How workers of a group divide its partitions: each decides for itself, by what all of them can see. */

/** A partition as a worker sees it. */
export interface SeenPartition {
  readonly partition: number;
  /** A worker that is alive, or undefined. */
  readonly holder?: string;
  /** How long nothing of it has changed. */
  readonly stillForMs: number;
}

export interface ShareView {
  readonly me: string;
  /** Workers that are alive; those that hold something need not be among them. */
  readonly alive: readonly string[];
  readonly partitions: readonly SeenPartition[];
  /** A partition that is nobody's for so long goes to whoever sees it, fair or not. */
  readonly patienceMs: number;
}

export interface Share {
  readonly take: readonly number[];
  readonly handOver: readonly number[];
}

/**
 * What `me` should take of what is nobody's, and hand over of what it holds. Whoever holds least takes first; whoever holds
 * most (by name, where several do) hands over half of what is between it and the poorest. So counts end one apart at most.
 */
export function fairShare({ me, alive, partitions, patienceMs }: ShareView): Share {
  const holders = partitions.flatMap(({ holder }) => holder ?? []);
  const workers = [...new Set([...alive, ...holders, me])].toSorted();
  const counts = new Map(workers.map((worker) => [worker, 0]));
  const free: SeenPartition[] = [];
  const mine: number[] = [];
  for (const seen of partitions) {
    const { partition, holder } = seen;
    if (holder === undefined) free.push(seen);
    else counts.set(holder, (counts.get(holder) ?? 0) + 1);
    if (holder === me) mine.push(partition);
  }
  const others = workers.filter((worker) => worker !== me).map((worker) => counts.get(worker) ?? 0);
  const poorest = Math.min(...others);
  return {
    take: takeable(free, mine.length, poorest, patienceMs),
    handOver: isRichest(me, workers, counts) ? mine.slice(0, Math.floor((mine.length - poorest) / 2)) : [],
  };
}

/** As many as it takes to hold one more than the poorest of the others, who then have their turn; and what nobody wanted. */
function takeable(
  free: readonly SeenPartition[],
  held: number,
  poorest: number,
  patienceMs: number,
): number[] {
  const turn = poorest === Infinity ? free.length : Math.max(0, poorest + 1 - held);
  return free
    .filter(({ stillForMs }, index) => index < turn || stillForMs >= patienceMs)
    .map(({ partition }) => partition);
}

function isRichest(me: string, workers: readonly string[], counts: ReadonlyMap<string, number>): boolean {
  const most = Math.max(...counts.values());
  return workers.length > 1 && workers.find((worker) => counts.get(worker) === most) === me;
}
