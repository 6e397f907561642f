import { LOCAL_SHIPPER_PREFIX } from '../../archive/block.ts';
import type { Logger } from '../../base/logger.ts';
import { mapInOrder } from '../../base/in_order.ts';

/** What became of one shipper: `apart` where both sides know of numbers that the other does not, so neither can be followed. */
export type MoveOutcome = 'moved' | 'there' | 'apart';

/** Shippers at once: each waits for a server or a disk most of the time. */
const AT_ONCE = 32;

/**
 * Moves every shipper that has a place to move, and logs how many. Those of the receiver itself have none: it numbers anew
 * in each run. Rejects where one stands apart, when all others are moved.
 */
export async function moveEach<Known>(
  shippers: Iterable<readonly [string, Known]>,
  move: (shipperId: string, known: Known) => Promise<MoveOutcome>,
  log: Logger,
): Promise<void> {
  const counts = { moved: 0, there: 0, apart: 0 };
  const outcomes = mapInOrder(movable(shippers), AT_ONCE, async ([shipper, known]) => ({
    shipper,
    outcome: await move(shipper, known),
  }));
  for await (const { shipper, outcome } of outcomes) {
    counts[outcome] += 1;
    if (outcome === 'apart') log.error({ shipper }, `${shipper} has two histories: it was not moved`);
  }
  const { moved, there, apart } = counts;
  log.info(counts, `${moved} places of shippers moved, ${there} were there`);
  if (apart > 0)
    throw new Error(
      `${apart} shippers stand at places that do not follow from one another, in the archive and in the streams: shipped to both of them? They are named above, and were not moved`,
    );
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* movable<Known>(
  shippers: Iterable<readonly [string, Known]>,
): AsyncGenerator<readonly [string, Known]> {
  for (const shipper of shippers) if (!shipper[0].startsWith(LOCAL_SHIPPER_PREFIX)) yield shipper;
}
