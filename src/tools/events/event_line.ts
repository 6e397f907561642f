/** An event as a line of JSON, for people and programs: what `events read` prints `events append` takes. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { NewEvent, StoredEvent } from '../../events/event.ts';
import { memberTexts } from './member_texts.ts';

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

/** An event, and the stream that its line names. */
export interface LineEvent extends NewEvent {
  readonly stream?: string;
}

/**
 * The event of a line `{"type", "payload" or "payload_base64", "id", "timestamp", "stream"}`; without an id it gets one that
 * nothing else has, without a timestamp `nowMs`. A payload is stored as it is written. Throws Error with what is wrong.
 */
export function eventOfLine(line: string, nowMs: number): LineEvent {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('expected a JSON object');
  const { id = randomUUID(), type, stream, payload_base64: base64 } = value as GivenEvent;
  const written = memberTexts(Buffer.from(line));
  return {
    id: textOf(id, 'id'),
    type: textOf(type, 'type'),
    timestamp: timestampOf(written.get('timestamp')?.toString() ?? String(nowMs)),
    payload: payloadOf(written.get('payload'), base64),
    ...(stream === undefined ? {} : { stream: textOf(stream, 'stream') }),
  };
}

interface GivenEvent {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly stream?: unknown;
  readonly payload_base64?: unknown;
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' && value.isWellFormed()) return value;
  throw new Error(`${name}: expected a text`);
}

/** Of the 64 bits a number of JavaScript keeps 53. */
function timestampOf(written: string): bigint {
  const isPlain = /^-?\d{1,19}$/.test(written);
  if (isPlain && BigInt.asIntN(64, BigInt(written)) === BigInt(written)) return BigInt(written);
  const value = Number(written);
  if (!isPlain && Number.isSafeInteger(value)) return BigInt(value);
  throw new Error('timestamp: expected milliseconds since 1970');
}

function payloadOf(payload: Buffer | undefined, base64: unknown): Buffer {
  if (base64 === undefined) return payload ?? Buffer.alloc(0);
  if (payload !== undefined) throw new Error('payload and payload_base64: expected one of them');
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw new Error('payload_base64: expected base64');
  return Buffer.from(base64, 'base64');
}
