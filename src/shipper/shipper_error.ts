export type ShipperErrorCode =
  | 'plain_receiver'
  | 'refused'
  | 'tls'
  | 'taken_over'
  | 'conflict'
  | 'too_many_sources'
  | 'receiver_went_back'
  | 'gave_up'
  /** All was taken, and some of it, by a receiver that does not acknowledge, over a connection that did not end in order. */
  | 'in_doubt'
  | 'closed';

/** The shipper can't go on by itself; its message says what to do. */
export class ShipperError extends Error {
  override readonly name = 'ShipperError';
  readonly code: ShipperErrorCode;

  constructor(code: ShipperErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
