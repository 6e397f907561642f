/** One that sends as fast as it can takes its share, and no more: the others' acks come within so many of its batches. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { acknowledged, batchFrame, frame, rawPeer, shipperPeer, type RawPeer } from '../helpers/raw_peer.ts';
import { testReceiver, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const OTHERS = 20;
const ROUNDS = 5;
const text = `${JSON.stringify({ flood: randomBytes(6000).toString('hex') })}\n`;
const body = gzipSync(text);
/** Of the flooder's batches, how many may be stored while all the others wait for one ack each: four windows of them (one being written, one behind it; as much again until the test has looked). */
const PATIENCE_BATCHES = (4 * 1024 * 1024) / body.length;

/** Keeps the socket full of frames, until it is told to stop. */
function flood({ socket }: RawPeer, next: () => Buffer): () => void {
  const push = (): void => {
    while (socket.writableLength < 1024 * 1024) socket.write(next());
  };
  const timer = setInterval(push, 1);
  return () => clearInterval(timer);
}

test.each(['shipper', 'plain peer'] as const)(
  'twenty shippers are acknowledged while one %s floods',
  async (kind) => {
    await using folder = await temporaryFolder();
    const receiver = await testReceiver(folder.path, { limits: { windowBytes: 1024 * 1024 } });
    await using all = new AsyncDisposableStack();
    const flooder = all.use(
      await (kind === 'shipper' ? shipperPeer(receiver.port, 'flood') : rawPeer(receiver.port)),
    );
    let sent = 0;
    const nextBatch = (): Buffer => batchFrame({ sequence: (sent += 1), text, algorithm: 'gzip', body });
    const plain = frame(3, gzipSync(`[${text.trimEnd()}]`));
    const stop = flood(flooder, kind === 'shipper' ? nextBatch : () => plain);
    try {
      const others = await Promise.all(
        Array.from({ length: OTHERS }, async (_, n) =>
          all.use(await shipperPeer(receiver.port, `other-${n}`)),
        ),
      );
      let mine = 0;
      for (let round = 1; round <= ROUNDS; round += 1) {
        const flooded = receiver.ledger.stored - mine;
        for (const other of others) other.send(batchFrame({ sequence: round }));
        await until('all are acknowledged', () => others.every((other) => acknowledged(other) === round));
        mine += OTHERS;
        expect(receiver.ledger.stored - mine - flooded).toBeLessThan(PATIENCE_BATCHES);
      }
      const before = receiver.ledger.stored;
      await until('the flooder is served too', () => receiver.ledger.stored > before);
    } finally {
      stop();
    }
    flooder.socket.destroy();
    await receiver[Symbol.asyncDispose]();
    expect((await verdictOn(folder.path)).code).toBe(0);
  },
);
