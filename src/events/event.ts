/** What is kept: an event as it is handed in, and as it lies in the store. */
import { EventStoreError } from './event_store_error.ts';

/** An event to be stored. Its id is its identity: stored twice with the same content it is there once. */
export interface NewEvent {
  /** 1 to 512 bytes of UTF-8. */
  readonly id: string;
  /** 1 to 256 bytes of UTF-8. */
  readonly type: string;
  /** Milliseconds since 1970, any 64-bit integer. */
  readonly timestamp: bigint;
  /** Any bytes, none included. */
  readonly payload: Uint8Array;
}

/** An event and its place. */
export interface StoredEvent extends NewEvent {
  /** 1, 2, 3 … over the whole store, without a gap: the order in which events were stored. */
  readonly position: number;
  readonly payload: Buffer;
  /** The stream it was appended to, where one was named. */
  readonly stream?: string;
  /** 1, 2, 3 … in its stream. */
  readonly version?: number;
}

export const MAX_ID_BYTES = 512;
export const MAX_TYPE_BYTES = 256;
export const MAX_STREAM_BYTES = 512;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Throws EventStoreError `invalid_event` where the store can't keep it as it is. */
export function checkEvent({ id, type, timestamp, payload }: NewEvent, maxPayloadBytes: number): void {
  checkName('id', id, MAX_ID_BYTES);
  checkName('type', type, MAX_TYPE_BYTES);
  if (timestamp < MIN_INT64 || timestamp > MAX_INT64)
    throw invalid(`timestamp is ${timestamp}: expected a 64-bit integer, milliseconds since 1970`);
  if (payload.byteLength > maxPayloadBytes)
    throw invalid(`payload has ${payload.byteLength} bytes: expected at most ${maxPayloadBytes}`);
}

/** Throws EventStoreError `invalid_event` where `name` can't be the name of a stream. */
export const checkStream = (name: string): void => checkName('stream', name, MAX_STREAM_BYTES);

/** Throws EventStoreError `invalid_event` where a text is empty, too long, or what no database keeps. */
export function checkName(field: string, value: string, maxBytes: number): void {
  if (value === '') throw invalid(`${field} is empty`);
  const bytes = Buffer.byteLength(value);
  if (bytes > maxBytes) throw invalid(`${field} has ${bytes} bytes: expected at most ${maxBytes}`);
  if (value.includes('\0'))
    throw invalid(`${field} holds a NUL character (U+0000), which a database can't keep`);
  if (!value.isWellFormed()) throw invalid(`${field} holds half a surrogate pair, which is no UTF-8`);
}

const invalid = (message: string): EventStoreError => new EventStoreError('invalid_event', message);
