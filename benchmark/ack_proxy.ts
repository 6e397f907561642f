/**
 * Stands between a shipper and a receiver, passes on each piece of the stream as it comes, and only then reads along: how
 * many entries each BATCH holds, and which BATCH an ACK reaches up to. So acknowledgements are seen from outside, on their
 * way to a shipper that is as users run it. It costs one more hop on loopback each way.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { decodeBatch } from '../src/wire/batch.ts';
import { FrameDecoder } from '../src/wire/decoder.ts';
import type { Frame } from '../src/wire/frame.ts';
import { decodeAck } from '../src/wire/messages.ts';

const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export interface AckProxy extends AsyncDisposable {
  readonly port: number;
  /** Settles when a shipper has been told READY. */
  readonly isReady: Promise<void>;
}

/** For one shipper, on one connection. `onAcked` is called with the entries acknowledged so far. */
export async function startAckProxy(
  receiverPort: number,
  onAcked: (entries: number) => void,
): Promise<AckProxy> {
  const ready = Promise.withResolvers<void>();
  const sockets: Socket[] = [];
  const entriesUpTo = new Map<number, number>();
  let entries = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (shipper) => {
    const receiver = connect({ host: '127.0.0.1', port: receiverPort, allowHalfOpen: true, noDelay: true });
    sockets.push(shipper, receiver);
    passOn(shipper, receiver, ({ type, algorithm, payload }) => {
      if (type !== 'BATCH') return;
      const { sequence, count } = decodeBatch(algorithm, payload);
      entriesUpTo.set(sequence, (entries += count));
    });
    passOn(receiver, shipper, ({ type, payload }) => {
      if (type === 'READY') ready.resolve();
      if (type === 'ACK') onAcked(entriesUpTo.get(decodeAck(payload).sequence) ?? 0);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    isReady: ready.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}

/** A connection that breaks is told by the programs at its ends. */
function passOn(from: Socket, to: Socket, look: (frame: Frame) => void): void {
  const decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
  from.pipe(to);
  from.on('data', (chunk: Buffer) => {
    for (const frame of decoder.push(chunk)) look(frame);
  });
  from.on('error', () => to.destroy());
}
