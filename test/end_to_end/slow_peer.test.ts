/** FRAME_TIMEOUT as a user sets it: a client that trickles a byte a second, and the receiver as a process. */
import { expect, test } from 'vitest';
import { ReceiverProgram } from '../helpers/programs.ts';
import { HELLO, acknowledged, batchFrame, openFrame, rawPeer, shipperPeer } from '../helpers/raw_peer.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

test('a client that trickles a byte a second is told timeout, closed and counted; the others go on', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await ReceiverProgram.start(folder.path, { env: { FRAME_TIMEOUT: '2.5' } });
  await using other = await shipperPeer(receiver.port, 'other');
  await using slow = await rawPeer(receiver.port);
  slow.send(HELLO, openFrame('slow', 1));
  await slow.next('READY');
  const batch = batchFrame({ text: `{"text":"${'x'.repeat(1000)}"}\n` });
  const startedAt = performance.now();
  let at = 0;
  const trickle = setInterval(() => slow.send(batch.subarray(at, (at += 1))), 1000);
  slow.send(batch.subarray(at, (at += 1)));
  await slow.ended().finally(() => clearInterval(trickle));
  expect(performance.now() - startedAt).toBeGreaterThan(2400);
  expect(at).toBeGreaterThan(1);
  expect(slow.messages('ERROR')).toEqual([
    { code: 'timeout', reason: 'the end of a frame did not come within 2.5 s (FRAME_TIMEOUT)' },
  ]);
  other.send(batchFrame());
  await until('the other is acknowledged', () => acknowledged(other) === 1);
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
  expect(receiver.log.filter(({ code }) => code === 'timeout')).toMatchObject([
    { level: 40, shipper: 'slow', msg: expect.stringContaining('FRAME_TIMEOUT') as string },
  ]);
  expect(receiver.log.at(-1)).toMatchObject({
    msg: 'receiver stopped',
    stored: 1,
    inHand: 0,
    errors: { timeout: 1 },
  });
});
