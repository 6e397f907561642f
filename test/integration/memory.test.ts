/** What hostile peers cost a receiver in memory: the most its process ever held, by the system's own account. */
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { peakMib, tellsPeakMemory } from '../helpers/peak_memory.ts';
import { ReceiverProgram } from '../helpers/programs.ts';
import {
  HELLO,
  acknowledged,
  batchFrame,
  frame,
  openFrame,
  rawPeer,
  shipperPeer,
  typed,
} from '../helpers/raw_peer.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const MIB = 1024 * 1024;
const AT_ONCE = 20;
/** Half of the default MAX_BATCH_BYTES, for the sake of time. */
const BATCH_MIB = 16;
const LIMITS = { MAX_BATCH_BYTES: `${BATCH_MIB}MiB` };

/** 15 MiB of entries that compress a thousandfold. */
const entries = Array.from({ length: BATCH_MIB - 1 }, () => `{"a":"${'x'.repeat(MIB - 16)}"}`);
const array = `[${entries.join()}]`;
const lines = `${entries.join('\n')}\n`;
const tooMuch = Buffer.alloc((BATCH_MIB + 1) * MIB, ' ');
const bombs = {
  gzip: frame(3, gzipSync(array)),
  zlib: frame(5, deflateSync(array)),
  batch: batchFrame({ text: lines, algorithm: 'gzip', body: gzipSync(lines) }),
};

/** Sends a bomb on each of so many connections at once; the answer is the receiver's peak when all are stored. */
async function peakOf(kind: keyof typeof bombs, connections: number): Promise<number> {
  await using folder = await temporaryFolder();
  await using receiver = await ReceiverProgram.start(folder.path, { env: LIMITS });
  await using all = new AsyncDisposableStack();
  const peers = await Promise.all(
    Array.from({ length: connections }, async (_, n) =>
      all.use(
        kind === 'batch' ? await shipperPeer(receiver.port, `bomb-${n}`) : await rawPeer(receiver.port),
      ),
    ),
  );
  for (const peer of peers) peer.send(bombs[kind]);
  if (kind === 'batch')
    await until('all are stored', () => peers.every((peer) => acknowledged(peer) === 1), 30_000);
  else await receiver.hasStored(connections * entries.length);
  return await peakMib(receiver);
}

describe.skipIf(!tellsPeakMemory)('the peak of the process', () => {
  test.each(['gzip', 'zlib', 'batch'] as const)(
    'of twenty %s bombs at once is about that of one: at most 192 MiB more, where each takes some 75',
    async (kind) => {
      const one = await peakOf(kind, 1);
      const twenty = await peakOf(kind, AT_ONCE);
      expect(twenty - one).toBeLessThan(192);
    },
  );

  const shipper = (...frames: Buffer[]): Buffer[] => [HELLO, openFrame('hostile', 1), ...frames];
  const HOSTILE: [string, Buffer[]][] = [
    ['a frame that claims 4 GiB', [frame(0, '[{}]', 0xffffffff)]],
    ['a frame that claims all it may, and ends', [frame(0, '[{}]', 16 * MIB)]],
    ['a million brackets', [frame(0, '['.repeat(1_000_000))]],
    ['gzip past the limit', [frame(3, gzipSync(tooMuch))]],
    ['zlib past the limit', [frame(5, deflateSync(tooMuch))]],
    ['gzip that lies about its size', [frame(3, withSize(gzipSync(tooMuch), 10))]],
    ['gzip that claims 4 GiB', [frame(3, withSize(gzipSync('[{}]'), 0xffffffff))]],
    ['a batch that claims 4 GiB', shipper(batchFrame({ rawLength: 0xffffffff }))],
    ['a batch that claims 4 billion entries', shipper(batchFrame({ count: 0xffffffff }))],
    [
      'a batch that holds more than it says',
      shipper(batchFrame({ algorithm: 'gzip', body: gzipSync(tooMuch) })),
    ],
    ['positions of 4 GiB', shipper(batchFrame({ positionsLength: 0xffffffff }))],
    [
      'a hundred thousand PINGs unread',
      shipper(...Array.from({ length: 100_000 }, () => typed('PING', 'x'))),
    ],
    ['random bytes', [Buffer.from(Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 251))]],
  ];

  test('of ten times each of these hostile peers is at most 512 MiB, and others are served after them', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(folder.path, { env: LIMITS });
    for (const [, pieces] of HOSTILE) {
      const peers = await Promise.all(Array.from({ length: 10 }, () => rawPeer(receiver.port)));
      for (const peer of peers) {
        peer.send(...pieces);
        peer.socket.end();
      }
      await Promise.all(peers.map((peer) => peer.ended()));
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    }
    await using honest = await shipperPeer(receiver.port, 'honest');
    honest.send(batchFrame());
    await honest.next('ACK');
    expect(await peakMib(receiver)).toBeLessThan(512);
  });
});

/** gzip's last four bytes say how much it holds. */
function withSize(packed: Buffer, bytes: number): Buffer {
  packed.writeUInt32LE(bytes, packed.length - 4);
  return packed;
}
