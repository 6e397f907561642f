import type { BlockHeader } from '../archive/block.ts';
import type { NewEvent } from '../events/event.ts';
import { levelOf, timeMsOf } from './columns.ts';
import type { Row } from './output.ts';

/** What a level must be to be part of a type: anybody writes it. */
const PLAIN_LEVEL = /^[A-Z][A-Z0-9_-]{0,31}$/;

/**
 * An entry as an event, the same one whenever it is read. Its id is where it came from, `shipper/epoch/sequence/index`, its
 * type `log.error` by its level (`log` where it has none), its timestamp its own time, else when it was received, its payload
 * the line as it came; of one that is longer than a payload may be only how long it was.
 */
export function eventOf(
  { line, entry }: Row,
  { shipperId, epoch, sequence, receivedAtMs }: BlockHeader,
  index: number,
  maxPayloadBytes: number,
): NewEvent {
  const payload = Buffer.from(line);
  const level = levelOf(entry);
  return {
    id: `${shipperId}/${epoch}/${sequence}/${index}`,
    type: level !== null && PLAIN_LEVEL.test(level) ? `log.${level.toLowerCase()}` : 'log',
    timestamp: BigInt(timeMsOf(entry) ?? receivedAtMs),
    payload:
      payload.length <= maxPayloadBytes ? payload : Buffer.from(`{"left_out_bytes":${payload.length}}`),
  };
}
