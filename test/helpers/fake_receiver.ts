import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { decodeBatch, type Batch } from '../../src/wire/batch.ts';
import { decompress } from '../../src/wire/codecs.ts';
import { FrameDecoder } from '../../src/wire/decoder.ts';
import type { Frame, FrameName } from '../../src/wire/frame.ts';
import {
  decodeOpen,
  encodeAck,
  encodeReady,
  encodeWelcome,
  type Ready,
  type Welcome,
} from '../../src/wire/messages.ts';
import { until } from './until.ts';

/** A shipper's connection to a fake receiver, in the hands of the test. */
export interface FakeConnection {
  readonly socket: Socket;
  readonly frames: Frame[];
  readonly isEnded: boolean;
  /** The BATCH frames so far. */
  batches(): Batch[];
  sequences(): number[];
  /** The first frame of this type, once it is there. */
  next(type: FrameName): Promise<Frame>;
  send(...frames: Buffer[]): void;
  /** Answers HELLO and OPEN; what READY says may depend on the epoch asked for. */
  greet(
    ready?: Partial<Ready> | ((epoch: number | null) => Partial<Ready>),
    welcome?: Partial<Welcome>,
    ...behindReady: Buffer[]
  ): Promise<void>;
  /** Settles when these sequences have come, and no other. */
  hasGot(...sequences: number[]): Promise<void>;
  ack(sequence: number, windowBytes?: number): void;
  /** The texts of the lines that came, of BATCH and PLAIN frames. */
  lines(): Promise<string[]>;
}

export interface FakeReceiver extends AsyncDisposable {
  readonly port: number;
  readonly connections: FakeConnection[];
  /** Connection number `n`, from 1, once it is there. */
  connection(n: number): Promise<FakeConnection>;
}

export const EPOCH = 7;
export const WINDOW_BYTES = 1024 * 1024;

/** A receiver that does nothing by itself; it answers an end with an end. */
export async function fakeReceiver(): Promise<FakeReceiver> {
  const connections: FakeConnection[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => connections.push(accept(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async connection(n) {
      await until(`connection ${n} is made`, () => connections.length >= n);
      return connections[n - 1] as FakeConnection;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function accept(socket: Socket): FakeConnection {
  const decoder = new FrameDecoder({ maxFrameBytes: 2 ** 26 });
  const frames: Frame[] = [];
  const state = { isEnded: false };
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => frames.push(...decoder.push(chunk)));
  socket.on('error', () => (state.isEnded = true));
  socket.on('close', () => (state.isEnded = true));
  socket.on('end', () => {
    state.isEnded = true;
    socket.end();
  });
  const batches = (): Batch[] =>
    frames
      .filter(({ type }) => type === 'BATCH')
      .map(({ algorithm, payload }) => decodeBatch(algorithm, payload));
  const sequences = (): number[] => batches().map(({ sequence }) => sequence);
  const next = async (type: FrameName): Promise<Frame> => {
    const find = (): Frame | undefined => frames.find((frame) => frame.type === type);
    await until(`a ${type} frame comes`, () => find() !== undefined);
    return find() as Frame;
  };
  return {
    socket,
    frames,
    get isEnded() {
      return state.isEnded;
    },
    batches,
    sequences,
    next,
    send: (...pieces) => void socket.write(Buffer.concat(pieces)),
    async greet(ready, welcome, ...behindReady) {
      await next('HELLO');
      const limits = { maxFrameBytes: 2 ** 24, maxBatchBytes: 2 ** 25 };
      socket.write(
        encodeWelcome({
          version: 1,
          algorithms: ['none', 'gzip', 'zlib', 'zstd'],
          tokenWanted: false,
          ...limits,
          ...welcome,
        }),
      );
      const { epoch } = decodeOpen((await next('OPEN')).payload);
      const place = { epoch: epoch ?? EPOCH, sequence: 0, positions: {}, windowBytes: WINDOW_BYTES };
      const own = typeof ready === 'function' ? ready(epoch) : ready;
      socket.write(Buffer.concat([encodeReady({ ...place, ...own }), ...behindReady]));
    },
    hasGot: (...expected) =>
      until(`batches ${expected.join(', ')} come`, () => sequences().join() === expected.join()),
    ack: (sequence, windowBytes = WINDOW_BYTES) => void socket.write(encodeAck({ sequence, windowBytes })),
    lines: async () => (await Promise.all(frames.map(linesOf))).flat(),
  };
}

async function linesOf({ type, algorithm, payload }: Frame): Promise<string[]> {
  const bounds = { maxBytes: 2 ** 26 };
  if (type === 'PLAIN') {
    const entries = JSON.parse((await decompress(algorithm, payload, bounds)).toString()) as unknown[];
    return entries.map((entry) => JSON.stringify(entry));
  }
  if (type !== 'BATCH') return [];
  const { body } = decodeBatch(algorithm, payload);
  return (await decompress(algorithm, body, bounds)).toString().split('\n').slice(0, -1);
}
