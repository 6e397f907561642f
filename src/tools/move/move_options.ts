import type { Logger } from '../../base/logger.ts';
import type { FormatName } from '../../archive/format.ts';
import type { NatsOptions } from '../../jetstream/connection.ts';
import type { StreamSettings } from '../../jetstream/streams.ts';

/** What is moved from where to where. */
export interface MoveOptions {
  /** Of the archive. */
  readonly folder: string;
  readonly format: FormatName;
  readonly segmentMaxBytes: number;
  readonly nats: NatsOptions;
  readonly streams: StreamSettings;
  /** The workers that wrote the streams out. */
  readonly group: string;
  readonly log: Logger;
}

/** What became of the shippers. */
export interface Moved {
  /** Those that have a place to move. */
  readonly shippers: number;
  /** Those that did not stand there already. */
  readonly moved: number;
}
