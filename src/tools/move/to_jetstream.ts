/**
 * The places of an archive's shippers are written into the bucket, so that receivers on JetStream go on behind them. The
 * entries stay where they are. Every step may be done twice: a move that was killed is run again.
 */
import { randomUUID } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { ArchiveError } from '../../archive/archive_error.ts';
import type { ResumePoint } from '../../archive/commit_log.ts';
import { recover } from '../../archive/recovery.ts';
import { lockFolder } from '../../base/folder_lock.ts';
import { CLAIM_HEADER, PREVIOUS_HEADER, messageIdOf } from '../../jetstream/block_message.ts';
import { isWrongLast } from '../../jetstream/jetstream_error.ts';
import { ShipperMessages, type ShipperReading, type StreamNames } from '../../jetstream/shipper_messages.ts';
import { bindInBucket } from './bindings.ts';
import { moveEach, type MoveOutcome } from './each_shipper.ts';
import type { MoveOptions } from './move_options.ts';
import { markMoved } from './moved_mark.ts';
import { standingOf } from './standing.ts';
import { openStreamSide, type StreamSide } from './stream_side.ts';

/** A shipper that is written for meanwhile is looked at again so often. */
const ATTEMPTS = 20;

/**
 * Settles when every place that is further in the archive is in the bucket. Rejects with ArchiveError `in_use` where a receiver
 * has the archive, JetStreamError, or Error where a shipper has two histories.
 */
export async function moveToJetStream(options: MoveOptions): Promise<void> {
  const { folder, streams, log } = options;
  const unlock = await lockFolder(folder);
  if (unlock === undefined)
    throw new ArchiveError('in_use', `${folder} is in use: its receiver must be stopped before it is moved`);
  try {
    const { resumePoints, findings } = await recover(folder);
    for (const finding of findings) log.warn(finding);
    await using side = await openStreamSide(options);
    await markMoved(folder, streams.stream);
    await bindInBucket(folder, side.bucket);
    const place = new PlaceMove(side, streams);
    await moveEach(resumePoints, (id, point) => place.move(id, point), log);
  } finally {
    await unlock();
  }
}

class PlaceMove {
  readonly #side: StreamSide;
  readonly #names: StreamNames;
  /** This run, to receivers one like theirs: what they knew of a shipper that it has claimed is no more true. */
  readonly #claim = randomUUID();

  constructor(side: StreamSide, names: StreamNames) {
    this.#side = side;
    this.#names = names;
  }

  async move(shipperId: string, point: ResumePoint): Promise<MoveOutcome> {
    const { nats, places } = this.#side;
    const messages = new ShipperMessages(shipperId, this.#names, nats, places);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const revision = (await places.load(shipperId))?.revision ?? 0;
      const reading = await messages.read();
      const known = reading.state.point;
      const standing = known === undefined ? 'ahead' : standingOf(point, known);
      if (standing === 'apart') return 'apart';
      if (standing !== 'ahead') return attempt === 0 ? 'there' : 'moved';
      const at = await this.#claimFor(messages, reading);
      if (at !== undefined) await places.save(shipperId, { at, claim: this.#claim, point }, revision);
    }
    throw new Error(`a receiver writes for ${shipperId} meanwhile: stop all receivers, and move again`);
  }

  /** The claim's sequence in the stream, or undefined where another message came before it. */
  async #claimFor(
    { shipperId, subject }: ShipperMessages,
    { state, last }: ShipperReading,
  ): Promise<number | undefined> {
    const { nats } = this.#side;
    const said = headers();
    said.set(CLAIM_HEADER, this.#claim);
    said.set(PREVIOUS_HEADER, String(state.at));
    const options = {
      headers: said,
      msgID: messageIdOf(shipperId, state.at),
      expect: { lastSubjectSequence: last },
    };
    try {
      const { seq, duplicate } = await nats.ask(() => nats.client.publish(subject, '', options));
      return duplicate ? undefined : seq;
    } catch (error) {
      if (isWrongLast(error)) return undefined;
      throw error;
    }
  }
}
