/** What a receiver remembers of a shipper's sources comes from its peers, so it has a bound. */
import { expect, test } from 'vitest';
import { acknowledged, batchFrame, shipperPeer } from '../helpers/raw_peer.ts';
import { testReceiver, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const MIB = 1024 * 1024;

/** The positions of so many sources, with names that no other batch has. */
const fresh = (batch: number, sources: number): string =>
  JSON.stringify(
    Object.fromEntries(
      Array.from({ length: sources }, (_, n) => [`${batch}/${n}`, { offset: 1, head: 'ab', headBytes: 1 }]),
    ),
  );

test('positions of ever new sources are taken up to 8 MiB a shipper, also over a restart; others ship on', async () => {
  await using folder = await temporaryFolder();
  let remembered = 0;
  let sequence = 0;
  for (let run = 0; run < 2; run += 1) {
    await using receiver = await testReceiver(folder.path);
    await using hostile = await shipperPeer(receiver.port, 'hostile');
    for (let isTaken = true; isTaken && remembered < 12 * MIB;) {
      sequence += 1;
      const positions = fresh(sequence, 1000);
      hostile.send(batchFrame({ sequence, positions }));
      await until('it is taken or refused', () => acknowledged(hostile) === sequence || hostile.isEnded);
      isTaken = acknowledged(hostile) === sequence;
      if (isTaken) remembered += positions.length;
    }
    expect(hostile.messages('ERROR')).toMatchObject([{ code: 'too_many_sources' }]);
    sequence -= 1;
    expect(remembered).toBeGreaterThan(8 * MIB);
    expect(remembered).toBeLessThan(9.5 * MIB);
    await using honest = await shipperPeer(receiver.port, 'honest');
    honest.send(batchFrame({ sequence: run + 1 }));
    await honest.next('ACK');
  }
  expect((await verdictOn(folder.path)).code).toBe(0);
});

test('sources that come and go, and those that move, take no more than they are', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  await using peer = await shipperPeer(receiver.port, 'a');
  let sent = 0;
  for (let sequence = 1; sent < 11 * MIB; sequence += 1) {
    const isEven = sequence % 2 === 0;
    const positions = isEven
      ? fresh(sequence - 1, 700).replaceAll('"headBytes":1', '"headBytes":1,"isGone":true')
      : fresh(sequence, 700);
    peer.send(batchFrame({ sequence, positions }));
    sent += positions.length;
    await until('it is taken', () => acknowledged(peer) === sequence);
  }
  expect(peer.isEnded).toBe(false);
});
