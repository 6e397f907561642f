/** Events as Thrift carries them (thrift/event_service.thrift), and as the store knows them. */
import { Int64 } from 'thrift';
import { InvalidRequest, type Event } from '../../thrift/generated/event_service_types.js';
import type { NewEvent, StoredEvent } from '../event.ts';
import type { EventPage } from './page_message.ts';
import type { ProjectionState } from '../event_store.ts';

/** The generated code copies plain objects into its own, and its protocols take a number for an i64. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: Int64;
  readonly payload: Buffer;
}

export interface WireStoredEvent {
  readonly position: number;
  readonly event: WireEvent;
  readonly stream?: string;
  readonly version?: number;
}

export interface WirePage {
  readonly events: readonly WireStoredEvent[];
  readonly readAfter: number;
  readonly hasMore: boolean;
}

export interface WireState {
  readonly position: number;
  readonly state: Buffer;
}

/** What another program sent, or did not. */
export type Received<T> = T | null | undefined;

type ReceivedEvent = { readonly [Field in keyof Event]: Received<Event[Field]> };

/** Throws InvalidRequest for an event that lacks a field; `index` is its place where it is one of many. No payload is an empty one. */
export function newEventOf(event: Received<Event>, index?: number): NewEvent {
  const { id, type, timestamp, payload } = (event ?? {}) as ReceivedEvent;
  if (typeof id !== 'string') throw lacking('id (field 1, string)', index);
  if (typeof type !== 'string') throw lacking('type (field 2, string)', index);
  if (timestamp === null || timestamp === undefined) throw lacking('timestamp (field 3, i64)', index);
  return { id, type, timestamp: bigIntOf(timestamp), payload: payload ?? Buffer.alloc(0) };
}

function lacking(field: string, index: number | undefined): InvalidRequest {
  const message = `the event has no ${field}`;
  return new InvalidRequest(index === undefined ? { message } : { message, index });
}

/** Throws InvalidRequest where an argument did not come. */
export function given<T>(value: Received<T>, name: string): T {
  if (value === null || value === undefined) throw new InvalidRequest({ message: `${name} is missing` });
  return value;
}

/** Throws InvalidRequest where a list did not come or has nothing in it. */
export function someOf<T>(values: Received<readonly T[]>, name: string): readonly T[] {
  const list = given(values, name);
  if (list.length === 0) throw new InvalidRequest({ message: `${name} is empty: expected 1 or more` });
  return list;
}

/** A position, a version or a count. Throws InvalidRequest for what can be none. */
export function wholeNumberOf(value: Received<Int64>, name: string): number {
  const number = Number(bigIntOf(given(value, name)));
  if (Number.isSafeInteger(number)) return number;
  throw new InvalidRequest({ message: `${name} is ${number}: expected a whole number below 2^53` });
}

export const bigIntOf = ({ buffer, offset }: Int64): bigint => buffer.readBigInt64BE(offset);

export function int64Of(value: bigint): Int64 {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return new Int64(bytes);
}

export const wirePageOf = ({ events, readAfter, hasMore }: EventPage): WirePage => ({
  events: events.map(wireStoredEventOf),
  readAfter,
  hasMore,
});

const wireStoredEventOf = (event: StoredEvent): WireStoredEvent => ({
  position: event.position,
  event: wireEventOf(event),
  ...(event.stream === undefined ? {} : { stream: event.stream }),
  ...(event.version === undefined ? {} : { version: event.version }),
});

export const wireEventOf = ({ id, type, timestamp, payload }: NewEvent): WireEvent => ({
  id,
  type,
  timestamp: int64Of(timestamp),
  payload: bufferOf(payload),
});

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const wireStateOf = ({ position, state }: ProjectionState): WireState => ({
  position,
  state: Buffer.from(JSON.stringify(state)),
});
