/** What a peer did wrong. Closed, so that errors are counted by kind. */
export type WireErrorCode =
  | 'frame_too_large'
  | 'unknown_type'
  | 'unexpected_type'
  | 'bad_algorithm'
  | 'bad_hello'
  | 'bad_message'
  | 'bad_version'
  | 'does_not_inflate'
  | 'batch_too_large'
  | 'not_utf8'
  | 'not_json'
  | 'not_an_array'
  | 'not_an_object'
  | 'too_deep'
  | 'entry_too_large'
  | 'count_mismatch'
  | 'crc_mismatch'
  | 'length_mismatch'
  | 'sequence_gap'
  | 'conflict'
  | 'too_many_sources'
  | 'taken_over'
  | 'unauthorized'
  | 'truncated'
  | 'timeout'
  | 'unavailable';

/** A peer broke the protocol, or said (in an ERROR frame) that we did. Ends that connection and no other. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
