import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { FrameDecoder } from '../../src/wire/decoder.ts';
import { FRAME, type Frame, type FrameName } from '../../src/wire/frame.ts';
import { until } from './until.ts';

/** A connection to a receiver that sends any bytes and keeps what is answered. */
export interface RawPeer extends AsyncDisposable {
  readonly socket: Socket;
  /** Bytes the receiver has written so far. */
  readonly bytesReceived: number;
  readonly frames: Frame[];
  /** True when the receiver's end was seen, or the connection broke. */
  readonly isEnded: boolean;
  send(...pieces: Buffer[]): void;
  /** The first frame of this type, once it is there. */
  next(type: FrameName): Promise<Frame>;
  /** The JSON of the frames of this type so far. */
  messages(type: FrameName): Record<string, unknown>[];
  /** Settles when the receiver has ended its side. */
  ended(): Promise<void>;
}

/** Connects. Not reading is for tests of what a receiver does then. */
export async function rawPeer(port: number, how: 'reading' | 'not reading' = 'reading'): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const decoder = new FrameDecoder({ maxFrameBytes: 2 ** 24 });
  const frames: Frame[] = [];
  const state = { bytes: 0, isEnded: false };
  socket.setNoDelay(true);
  socket.on('error', () => (state.isEnded = true));
  socket.on('end', () => (state.isEnded = true));
  socket.on('close', () => (state.isEnded = true));
  if (how === 'reading') {
    socket.on('data', (chunk: Buffer) => {
      state.bytes += chunk.length;
      frames.push(...decoder.push(chunk));
    });
  }
  const peer: RawPeer = {
    socket,
    frames,
    get bytesReceived() {
      return state.bytes;
    },
    get isEnded() {
      return state.isEnded;
    },
    send: (...pieces) => void socket.write(Buffer.concat(pieces)),
    async next(type) {
      const find = (): Frame | undefined => frames.find((frame) => frame.type === type);
      await until(`a ${type} frame comes`, () => find() !== undefined);
      return find() as Frame;
    },
    messages: (type) =>
      frames
        .filter((frame) => frame.type === type)
        .map(({ payload }) => JSON.parse(payload.toString()) as Record<string, unknown>),
    ended: () => until('the receiver ends the connection', () => state.isEnded),
    async [Symbol.asyncDispose]() {
      if (socket.closed) return;
      socket.destroy();
      await once(socket, 'close');
    },
  };
  return peer;
}

/** A frame with these flags, made here and not by the encoder under test. */
export function frame(flags: number, payload: Buffer | string = '', length?: number): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(length ?? bytes.length, 0);
  header.writeUInt8(flags, 4);
  return Buffer.concat([header, bytes]);
}

export const COMPRESSED = { none: 0, gzip: 3, zlib: 5, zstd: 7 } as const;

/** A frame of a type of this protocol. */
export const typed = (
  type: FrameName,
  payload: Buffer | string = '',
  algorithm: keyof typeof COMPRESSED = 'none',
): Buffer => frame((FRAME[type] << 3) | COMPRESSED[algorithm], payload);

export const HELLO = typed('HELLO', '[]');
export const openFrame = (shipperId: string, epoch: number | null = null): Buffer =>
  typed('OPEN', JSON.stringify({ shipperId, epoch }));

export interface BatchWishes {
  readonly sequence?: number;
  readonly text?: string | Buffer;
  readonly count?: number;
  readonly rawLength?: number;
  readonly crc?: number;
  readonly positions?: string | Buffer;
  readonly positionsLength?: number;
  readonly algorithm?: keyof typeof COMPRESSED;
  /** In place of the text compressed. */
  readonly body?: Buffer;
}

/** A BATCH frame: honest, but for what is wished otherwise. */
export function batchFrame({
  sequence = 1,
  text = '{"n":1}\n',
  positions = '',
  algorithm = 'none',
  ...lies
}: BatchWishes = {}): Buffer {
  const raw = Buffer.from(text);
  const places = Buffer.from(positions);
  const prefix = Buffer.alloc(24);
  prefix.writeBigUInt64BE(BigInt(sequence), 0);
  prefix.writeUInt32BE(lies.count ?? raw.filter((byte) => byte === 0x0a).length, 8);
  prefix.writeUInt32BE(lies.rawLength ?? raw.length, 12);
  prefix.writeUInt32BE(lies.crc ?? crc32(raw), 16);
  prefix.writeUInt32BE(lies.positionsLength ?? places.length, 20);
  return typed('BATCH', Buffer.concat([prefix, places, lies.body ?? raw]), algorithm);
}

/** Greets and opens; settles when READY has come. */
export async function shipperPeer(
  port: number,
  shipperId: string,
  epoch: number | null = null,
): Promise<RawPeer> {
  const peer = await rawPeer(port);
  peer.send(HELLO, openFrame(shipperId, epoch));
  await peer.next('READY');
  return peer;
}

/** The highest sequence acknowledged so far; 0 before the first. */
export function acknowledged({ frames }: RawPeer): number {
  return Math.max(
    0,
    ...frames.filter(({ type }) => type === 'ACK').map(({ payload }) => Number(payload.readBigUInt64BE(0))),
  );
}
