import { connectNats, type Nats } from '../../jetstream/connection.ts';
import { PlaceStore } from '../../jetstream/place_store.ts';
import { prepareStreams } from '../../jetstream/streams.ts';
import type { Bucket } from '../../jetstream/bucket.ts';
import type { MoveOptions } from './move_options.ts';

/** The streams and the bucket, connected. */
export interface StreamSide extends AsyncDisposable {
  readonly nats: Nats;
  readonly bucket: Bucket;
  readonly places: PlaceStore;
}

/** Connects, and makes what is not there yet. Rejects with JetStreamError. */
export async function openStreamSide({ nats: options, streams }: MoveOptions): Promise<StreamSide> {
  const nats = await connectNats(options);
  try {
    const bucket = await prepareStreams(nats, streams);
    const places = new PlaceStore(nats, bucket);
    return { nats, bucket, places, [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose]() };
  } catch (error) {
    await nats[Symbol.asyncDispose]();
    throw error;
  }
}
