import type { BatcherOptions } from './batcher.ts';
import type { Delivery, Place } from './delivery.ts';
import { ShipperError } from './shipper_error.ts';

/** A BATCH has a prefix and positions before its body; what does not compress grows a little. */
const PREFIX_ROOM_BYTES = 64 * 1024;

/** Where to begin, by the receiver's first word. Rejects with ShipperError where there will be none, or `stop` aborts first. */
export async function firstPlace(delivery: Delivery, stop: AbortSignal): Promise<Place> {
  const stopped = new Promise<never>((_resolve, reject) => {
    const tell = (): void => reject(new ShipperError('closed', 'stopped before the receiver was reached'));
    if (stop.aborted) tell();
    else stop.addEventListener('abort', tell, { once: true });
  });
  return Promise.race([delivery.place, stopped]);
}

/** Batches that fit what the receiver takes, compressed or not, with room for their prefix. */
export function withinLimits(options: BatcherOptions, welcome: Place['welcome']): BatcherOptions {
  if (welcome === undefined) return options;
  const { maxBatchBytes, maxFrameBytes } = welcome;
  const ofFrame = Math.max(maxFrameBytes - PREFIX_ROOM_BYTES, Math.floor(maxFrameBytes / 2));
  return { ...options, maxBytes: Math.min(options.maxBytes, maxBatchBytes, ofFrame) };
}
