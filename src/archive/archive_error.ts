export type ArchiveErrorCode =
  | 'sequence_gap'
  | 'conflict'
  | 'too_many_sources'
  | 'too_large'
  | 'taken_over'
  | 'damaged'
  | 'ahead'
  | 'in_use'
  | 'unavailable'
  | 'closed';

/** The archive could not do as asked. `damaged` names the segment and the byte offset in its message. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
