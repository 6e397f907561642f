export type ShipperErrorCode =
  | 'plain_receiver'
  | 'refused'
  | 'tls'
  | 'taken_over'
  | 'conflict'
  | 'receiver_went_back'
  | 'gave_up'
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
