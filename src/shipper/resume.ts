import type { Ready } from '../wire/messages.ts';
import { ShipperError } from './shipper_error.ts';

/** What this process knows of its own numbers. */
export interface OwnNumbers {
  readonly shipperId: string;
  /** The highest number acknowledged so far. */
  readonly acknowledged: number;
  /** The highest number ever sent. */
  readonly highestSent: number;
  /** The CRC-32 of the batch with the number the receiver stands at, where this process still has it. */
  readonly crc: number | undefined;
  /** True where the source can begin again at the receiver's word. */
  readonly canReread: boolean;
}

/**
 * Holds the receiver's word against ours after a reconnect. Throws ShipperError where only another run can put it right;
 * where the receiver forgot what it had acknowledged, and this source can't give it again, nothing can.
 */
export function expectOwnNumbers(
  ready: Ready,
  { shipperId, acknowledged, highestSent, crc, canReread }: OwnNumbers,
): void {
  if (ready.sequence > highestSent) {
    throw new ShipperError(
      'conflict',
      `the receiver has batch ${ready.sequence} of ${shipperId}, this process sent up to ${highestSent}: another shipper uses this id (SHIPPER_ID)`,
    );
  }
  const holdsNothing = ready.crc === undefined || ready.crc === 0;
  if (crc !== undefined && !holdsNothing && crc !== ready.crc) {
    throw new ShipperError(
      'conflict',
      `batch ${ready.sequence} of ${shipperId} at the receiver is not the one this process sent: another shipper uses this id (SHIPPER_ID)`,
    );
  }
  if (ready.sequence >= acknowledged || !canReread) return;
  throw new ShipperError(
    'receiver_went_back',
    `the receiver acknowledged batch ${acknowledged} and now has only ${ready.sequence}: its archive was lost or replaced. Run again: everything it lacks is sent from where it stands`,
  );
}

/**
 * For a source that was begun anew, as its receiver had not answered in time. Throws ShipperError where the receiver knows
 * this shipper: the source is to begin at its word, or all of it would be there again.
 */
export function expectStranger({ positions }: Ready): void {
  if (Object.keys(positions).length === 0) return;
  throw new ShipperError(
    'receiver_went_back',
    'the receiver answered HELLO too late at first (HELLO_TIMEOUT), was sent the source from its beginning in the original protocol, and has part of it from before. Run again: it goes on from where the receiver stands',
  );
}
