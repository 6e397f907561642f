/** Frames that a receiver reads as JSON are short: one as long as a batch would cost it many times its length. */
import { describe, expect, test } from 'vitest';
import { peakMib, tellsPeakMemory } from '../helpers/peak_memory.ts';
import { ReceiverProgram } from '../helpers/programs.ts';
import { HELLO, batchFrame, rawPeer, shipperPeer, typed } from '../helpers/raw_peer.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const MIB = 1024 * 1024;
const AT_ONCE = 10;

/** Chunks that are read and thrown away, and what the collector has not taken back yet; parsed, one message alone takes more. */
const MOST_MIB = 160;

/** As much memory as JSON can ask for by its length. */
const costly = (bytes: number): string => `{"shipperId":"a","x":[${'[],'.repeat(bytes / 3)}0]}`;

describe.skipIf(!tellsPeakMemory)('a message of 12 MiB', () => {
  test.each(['OPEN', 'GAP', 'BYE', 'PING'] as const)(
    `%s, from ${AT_ONCE} peers at once, is refused at its header`,
    async (type) => {
      await using folder = await temporaryFolder();
      await using receiver = await ReceiverProgram.start(folder.path);
      const atRest = await peakMib(receiver);
      const message = typed(type, costly(12 * MIB));
      await using peers = new AsyncDisposableStack();
      for (let n = 0; n < AT_ONCE; n += 1) {
        const isShipper = type !== 'OPEN';
        const peer = peers.use(
          isShipper ? await shipperPeer(receiver.port, `hostile-${n}`) : await rawPeer(receiver.port),
        );
        if (!isShipper) peer.send(HELLO);
        peer.send(message);
        await peer.ended();
        expect(peer.messages('ERROR')).toMatchObject([{ code: 'frame_too_large' }]);
      }
      await using honest = await shipperPeer(receiver.port, 'honest');
      honest.send(batchFrame());
      await honest.next('ACK');
      expect((await peakMib(receiver)) - atRest).toBeLessThan(MOST_MIB);
    },
  );
});
