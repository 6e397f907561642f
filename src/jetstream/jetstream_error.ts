import { JetStreamApiError } from '@nats-io/jetstream';

export type JetStreamErrorCode =
  /** No server, no leader, or no answer: it may come back. */
  | 'unavailable'
  /** Credentials, or a permission. */
  | 'refused'
  /** A setting that can't be had, or is not that of the others. */
  | 'bad_settings';

/** NATS could not do as asked. */
export class JetStreamError extends Error {
  override readonly name = 'JetStreamError';
  readonly code: JetStreamErrorCode;

  constructor(code: JetStreamErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** JetStream's own numbers of errors (server/errors.json of nats-server). */
const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];
/** A message with this id is on its way. */
const SAME_ID = 10158;
const STREAM_NOT_FOUND = 10059;
const TOO_LARGE: readonly number[] = [10054, 10097];

const codeOf = (error: unknown): number | undefined =>
  error instanceof JetStreamApiError ? error.code : undefined;

/** Another message came before, or is about to. */
export const isWrongLast = (error: unknown): boolean =>
  [...WRONG_LAST_SEQUENCE, SAME_ID].includes(codeOf(error) ?? 0);

export const isNoStream = (error: unknown): boolean => codeOf(error) === STREAM_NOT_FOUND;

/** No server will take it, however often. */
export const isTooLarge = (error: unknown): boolean => TOO_LARGE.includes(codeOf(error) ?? 0);

/** Too few servers, perhaps as they have not all started yet. */
const NO_PEERS = 10005;

/** Of settings: no room on disk, and replicas of a single server. They have the status of something that passes. */
const HOPELESS: readonly number[] = [10047, 10074];

/** True where JetStream said no to what was asked: another try is answered the same. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError) || error.code === NO_PEERS) return false;
  return HOPELESS.includes(error.code) || (error.status >= 400 && error.status < 500);
}
