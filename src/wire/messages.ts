/**
 * The small frames between peers that greeted each other: JSON objects, checked member by member, unknown members
 * ignored (so a later version may add some); ACK is binary, as it is the frequent one.
 *
 *     ACK   | durable sequence u64 BE | window u32 BE |
 */
import type { SourcePositions } from '../entry.ts';
import { checkBlockPositions, checkPositions } from './batch.ts';
import { ALGORITHMS, encodeFrame, type Algorithm, type FrameName } from './frame.ts';
import { readUInt64, writeUInt64 } from './numbers.ts';
import { statusOf, type Status } from './status.ts';
import { WireError, type WireErrorCode } from './wire_error.ts';

export const PROTOCOL_VERSION = 1;

/** HELLO's only payload: an empty batch to a receiver of the original protocol. */
export const HELLO_PAYLOAD = Buffer.from('[]');

export interface Welcome {
  readonly version: number;
  readonly algorithms: readonly Algorithm[];
  readonly maxFrameBytes: number;
  readonly maxBatchBytes: number;
  readonly tokenWanted: boolean;
}

export interface Open {
  /** 1 to 128 of letters, digits, `.`, `_`, `:`, `-`; begins with a letter or digit. */
  readonly shipperId: string;
  /** The epoch this shipper's numbers belong to, or null: "I keep no state, tell me where I stand". */
  readonly epoch: number | null;
  readonly token?: string;
  readonly run?: Run;
  readonly status?: Status | undefined;
}

/** One process that ships: while two use the same shipper id, the receiver tells them apart by it. */
export interface Run {
  /** 1 to 64 characters, no two runs the same. */
  readonly id: string;
  /** True where this run was connected before: it does not take over from a run that came after it. */
  readonly isReturning: boolean;
}

export interface Ready {
  /** The epoch to number in: as asked, or, where none was, the one the receiver knows (a new one for a stranger). */
  readonly epoch: number;
  /** Last durable sequence in that epoch, 0 for none. */
  readonly sequence: number;
  /** CRC-32 of that batch's raw bytes (0 for one that holds nothing): its shipper sees whether it is the one it sent. */
  readonly crc?: number;
  readonly positions: SourcePositions;
  /** The latest batches of that epoch that were rejected: a REJECT may have been lost with its connection. */
  readonly rejected?: readonly { readonly sequence: number; readonly code: string }[];
  /** Bytes of BATCH frames the shipper may have unacknowledged. */
  readonly windowBytes: number;
}

export interface Ack {
  /** This batch and all before it are durable. */
  readonly sequence: number;
  readonly windowBytes: number;
}

/** This batch will never be taken; later ones may. */
export interface Reject {
  readonly sequence: number;
  readonly code: WireErrorCode;
  readonly reason: string;
}

/** Said before closing. */
export interface Fault {
  readonly code: WireErrorCode;
  readonly reason: string;
}

/** An orderly end. From a receiver: come back in so many milliseconds. */
export interface Bye {
  readonly returnAfterMs?: number;
}

/** These batches will never come: the shipper had to drop them. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly entries: number;
  readonly reason: string;
  /** The source positions after them, where the shipper goes on behind them. */
  readonly positions?: SourcePositions;
}

export const encodeWelcome = (welcome: Welcome): Buffer => encodeJson('WELCOME', welcome);
export const encodeOpen = (open: Open): Buffer => encodeJson('OPEN', open);
export const encodeReady = (ready: Ready): Buffer => encodeJson('READY', ready);
export const encodeReject = (reject: Reject): Buffer => encodeJson('REJECT', reject);
export const encodeFault = (fault: Fault): Buffer => encodeJson('ERROR', fault);
export const encodeBye = (bye: Bye = {}): Buffer => encodeJson('BYE', bye);
export const encodeGap = (gap: Gap): Buffer => encodeJson('GAP', gap);

export function encodeAck(ack: Ack): Buffer {
  const payload = Buffer.allocUnsafe(12);
  writeUInt64(payload, ack.sequence, 0);
  payload.writeUInt32BE(ack.windowBytes, 8);
  return encodeFrame('ACK', payload);
}

export function decodeAck(payload: Buffer): Ack {
  if (payload.length !== 12)
    throw new WireError('bad_message', `an ACK has 12 bytes, this one ${payload.length}`);
  return {
    sequence: readUInt64(payload, 0, 'an acknowledged sequence'),
    windowBytes: payload.readUInt32BE(8),
  };
}

export function decodeWelcome(payload: Buffer): Welcome {
  const message = parseObject('WELCOME', payload);
  return {
    version: count(message, 'version'),
    algorithms: list(message, 'algorithms').filter((name): name is Algorithm =>
      ALGORITHMS.includes(name as Algorithm),
    ),
    maxFrameBytes: count(message, 'maxFrameBytes'),
    maxBatchBytes: count(message, 'maxBatchBytes'),
    tokenWanted: message.tokenWanted === true,
  };
}

const SHIPPER_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** True for a name a shipper may take: it becomes part of file names, metrics and log lines. */
export const isShipperId = (id: string): boolean => SHIPPER_ID.test(id);

export function decodeOpen(payload: Buffer): Open {
  const message = parseObject('OPEN', payload);
  const shipperId = text(message, 'shipperId');
  if (!isShipperId(shipperId)) {
    throw new WireError(
      'bad_message',
      'OPEN.shipperId must be 1 to 128 of letters, digits, ". _ : -", beginning with a letter or digit',
    );
  }
  return {
    shipperId,
    epoch: message.epoch === null || message.epoch === undefined ? null : count(message, 'epoch'),
    ...(message.token === undefined ? {} : { token: text(message, 'token') }),
    ...(message.run === undefined ? {} : { run: runOf(message.run) }),
    ...(message.status === undefined ? {} : { status: statusOf(message.status) }),
  };
}

export function decodeReady(payload: Buffer): Ready {
  const message = parseObject('READY', payload);
  return {
    epoch: count(message, 'epoch'),
    sequence: count(message, 'sequence'),
    ...(message.crc === undefined ? {} : { crc: count(message, 'crc') }),
    positions: checkPositions(message.positions, 'READY'),
    ...(message.rejected === undefined ? {} : { rejected: list(message, 'rejected').map(rejectedBatch) }),
    windowBytes: count(message, 'windowBytes'),
  };
}

export function decodeReject(payload: Buffer): Reject {
  const message = parseObject('REJECT', payload);
  return {
    sequence: count(message, 'sequence'),
    code: text(message, 'code') as WireErrorCode,
    reason: text(message, 'reason'),
  };
}

export function decodeFault(payload: Buffer): Fault {
  const message = parseObject('ERROR', payload);
  return { code: text(message, 'code') as WireErrorCode, reason: text(message, 'reason') };
}

export function decodeBye(payload: Buffer): Bye {
  const message = parseObject('BYE', payload);
  return message.returnAfterMs === undefined ? {} : { returnAfterMs: count(message, 'returnAfterMs') };
}

export function decodeGap(payload: Buffer): Gap {
  const message = parseObject('GAP', payload);
  const gap = {
    from: count(message, 'from'),
    to: count(message, 'to'),
    entries: count(message, 'entries'),
    reason: text(message, 'reason').slice(0, 200),
    ...(message.positions === undefined ? {} : { positions: checkBlockPositions(message.positions, 'GAP') }),
  };
  if (gap.from === 0 || gap.to < gap.from) {
    throw new WireError('bad_message', `a GAP from ${gap.from} to ${gap.to} is not a range of sequences`);
  }
  return gap;
}

function runOf(value: unknown): Run {
  const message = asObject('OPEN.run', value);
  const id = text(message, 'id');
  if (id.length === 0 || id.length > 64)
    throw new WireError('bad_message', 'OPEN.run.id must be 1 to 64 characters');
  return { id, isReturning: message.isReturning === true };
}

function rejectedBatch(value: unknown): { sequence: number; code: string } {
  const message = asObject('an element of READY.rejected', value);
  return { sequence: count(message, 'sequence'), code: text(message, 'code') };
}

type Message = Record<string, unknown>;

const encodeJson = (type: FrameName, message: object): Buffer =>
  encodeFrame(type, Buffer.from(JSON.stringify(message)));

function parseObject(type: FrameName, payload: Buffer): Message {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new WireError('bad_message', `the payload of a ${type} frame is not JSON`, { cause });
  }
  return asObject(`the payload of a ${type} frame`, value);
}

function asObject(what: string, value: unknown): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new WireError('bad_message', `${what} is not an object`);
  return value as Message;
}

function count(message: Message, member: string): number {
  const value = message[member];
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new WireError('bad_message', `${member} must be a whole number from 0 to 2^53 - 1`);
  }
  return value as number;
}

function text(message: Message, member: string): string {
  const value = message[member];
  if (typeof value !== 'string') throw new WireError('bad_message', `${member} must be a string`);
  return value;
}

function list(message: Message, member: string): unknown[] {
  const value = message[member];
  if (!Array.isArray(value)) throw new WireError('bad_message', `${member} must be an array`);
  return value;
}
