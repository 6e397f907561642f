/** Why a connection is ended, as its peer is told and the books count it. */
import { ArchiveError, type ArchiveErrorCode } from '../archive/archive_error.ts';
import { WireError, type WireErrorCode } from '../wire/wire_error.ts';

/** What is taken of a peer that has shown no token, where one is wanted: HELLO and OPEN fit well. */
export const STRANGER_FRAME_BYTES = 16 * 1024;

/** What the archive refuses for a reason that is the shipper's. */
const SHIPPERS_OWN: Readonly<Partial<Record<ArchiveErrorCode, WireErrorCode>>> = {
  sequence_gap: 'sequence_gap',
  conflict: 'conflict',
  too_many_sources: 'too_many_sources',
};

/** An error that is neither of the wire nor the shipper's own is ours, and the peer may try again. */
export function codeOf(error: Error): WireErrorCode {
  if (error instanceof WireError) return error.code;
  return error instanceof ArchiveError ? (SHIPPERS_OWN[error.code] ?? 'unavailable') : 'unavailable';
}

/** To a stranger nothing is said of limits: what it lacks is a token. */
export const asToStranger = (error: Error): Error =>
  error instanceof WireError && error.code === 'frame_too_large'
    ? new WireError(
        'unauthorized',
        `more than ${STRANGER_FRAME_BYTES} bytes in a frame before a token (AUTH_TOKENS)`,
      )
    : error;

export const plainRefused = (): WireError =>
  new WireError(
    'unauthorized',
    'the original protocol has no token, and this receiver wants one (AUTH_TOKENS)',
  );
