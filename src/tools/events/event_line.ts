/** An event as a line of JSON, for people and programs: what `events read` prints `events append` takes. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { NewEvent, StoredEvent } from '../../events/event.ts';

/** Without a newline. A payload that is JSON is shown as it is, any other as `payload_base64`. */
export function lineOf({ position, id, type, timestamp, payload, stream, version }: StoredEvent): string {
  const json = jsonOf(payload);
  const members = [
    `"position":${position}`,
    `"id":${JSON.stringify(id)}`,
    `"type":${JSON.stringify(type)}`,
    `"timestamp":${timestamp}`,
    ...(stream === undefined ? [] : [`"stream":${JSON.stringify(stream)}`, `"version":${version ?? 0}`]),
    json === undefined ? `"payload_base64":"${payload.toString('base64')}"` : `"payload":${json}`,
  ];
  return harmless(`{${members.join(',')}}`);
}

/** In one line; numbers as they were written. */
function jsonOf(payload: Buffer): string | undefined {
  if (payload.length === 0 || !isUtf8(payload)) return undefined;
  const text = payload.toString();
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // Between members, never in a text.
  return text.replaceAll(/[\r\n\t]/g, ' ');
}

/** What a terminal would obey stands in texts alone, and there an escape says the same. */
const harmless = (json: string): string =>
  json.replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/**
 * The event of a line `{"type", "payload" or "payload_base64", "id", "timestamp"}`; without an id it gets one that nothing
 * else has, without a timestamp `nowMs`. A payload is stored as JSON. Throws Error with what is wrong.
 */
export function eventOfLine(line: string, nowMs: number): NewEvent {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('expected a JSON object');
  const { id = randomUUID(), type, timestamp = nowMs, payload, payload_base64: base64 } = value as GivenEvent;
  if (typeof id !== 'string') throw new Error('id: expected a text');
  if (typeof type !== 'string') throw new Error('type: expected a text');
  if (!Number.isSafeInteger(timestamp)) throw new Error('timestamp: expected milliseconds since 1970');
  return { id, type, timestamp: BigInt(timestamp as number), payload: payloadOf(payload, base64) };
}

interface GivenEvent {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly timestamp?: unknown;
  readonly payload?: unknown;
  readonly payload_base64?: unknown;
}

function payloadOf(payload: unknown, base64: unknown): Buffer {
  if (base64 === undefined)
    return payload === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(payload));
  if (payload !== undefined) throw new Error('payload and payload_base64: expected one of them');
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw new Error('payload_base64: expected base64');
  return Buffer.from(base64, 'base64');
}
