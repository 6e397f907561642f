import { isKey } from '../fold.ts';
import type { Json, Projection } from '../projection.ts';
import { payloadOf, timeOf } from './payload.ts';

/** Payloads beyond this are left out, and their length said instead. */
const MAX_PAYLOAD_BYTES = 64 * 1024;

/**
 * The last event of each key: what its payload, where that is a JSON object, has as the text `key`; else its stream; else its
 * type. `{"cart-7": {"position": 12, "id": …, "type": …, "timestamp": …, "payload": {…}}, …}`; a payload that is no JSON comes
 * as `payload_base64`.
 */
export const lastByKey: Projection = {
  name: 'last_by_key',
  version: 1,
  help: 'the last event of each key: the member `key` of its JSON payload, else its stream, else its type',
  keyOf({ payload, stream, type }) {
    const key = payloadOf(payload)?.key;
    if (typeof key === 'string' && isKey(key)) return key;
    return stream ?? type;
  },
  initial: null,
  apply: (_, { position, id, type, timestamp, payload, stream }) => ({
    position,
    id,
    type,
    timestamp: timeOf(timestamp),
    ...(stream !== undefined && { stream }),
    ...shown(payload),
  }),
};

function shown(payload: Buffer): Record<string, Json> {
  if (payload.length > MAX_PAYLOAD_BYTES) return { payload_bytes: payload.length };
  const json = payloadOf(payload);
  return json === undefined ? { payload_base64: payload.toString('base64') } : { payload: json };
}
