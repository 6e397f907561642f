import { appendFile, readFile, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { testDelivery, sendBatches } from '../helpers/deliveries.ts';
import { FaultPair, expectWhole } from '../helpers/fault_pair.ts';
import { FaultProxy } from '../helpers/fault_proxy.ts';
import { codeOf } from '../helpers/errors.ts';
import { type Program, ReceiverProgram, runServer, startShipper } from '../helpers/programs.ts';
import { acknowledged, batchFrame, shipperPeer } from '../helpers/raw_peer.ts';
import { archivedHeaders, archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ID = { SHIPPER_ID: 'the-one', BATCH_MAX_BYTES: '4KiB', COMPRESSION_LEVEL: '9' };

const lines = (letter: string, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `{"from":"${letter}","n":${from + index}}`);

const feed = (program: Program, text: readonly string[]): void =>
  void program.child.stdin?.write(text.map((line) => `${line}\n`).join(''));

async function toldTakenOver(program: Program): Promise<void> {
  expect(await program.ended()).toMatchObject({ code: 1 });
  expect(program.log.some(({ msg }) => msg.includes('taken_over'))).toBe(true);
}

describe('two shippers with one id', () => {
  test('the newer wins, the older is told and exits 1, and their sequences never mix', async () => {
    await using folder = await temporaryFolder();
    const data = folder.in('data');
    await using receiver = await ReceiverProgram.start(data);
    await using older = startShipper(receiver.port, ['pipe', '--interval', '10'], ID);
    feed(older, lines('a', 1, 2000));
    await receiver.hasWritten(data, 0);
    await using newer = startShipper(receiver.port, ['pipe', '--interval', '10'], ID);
    feed(newer, lines('b', 1, 2000));
    const feeding = setInterval(() => feed(older, ['{"from":"a","n":"late"}']), 5);
    await toldTakenOver(older).finally(() => clearInterval(feeding));
    newer.child.stdin?.end();
    expect(await newer.ended()).toMatchObject({ code: 0 });
    expect(newer.log.at(-1)).toMatchObject({ acknowledged: 2000 });
    receiver.kill('SIGTERM');
    await receiver.ended();
    expect(await runServer(['verify', data])).toMatchObject({ code: 0 });
    const archived = await archivedLines(data, 'the-one');
    const fromOlder = archived.findIndex((line) => line.includes('"b"'));
    expect(fromOlder).toBeGreaterThan(0);
    const early = archived.slice(0, fromOlder).filter((line) => !line.includes('late'));
    expect(early).toEqual(lines('a', 1, early.length));
    expect(archived.slice(fromOlder)).toEqual(lines('b', 1, 2000));
  });

  test('the older exits 1 also where nothing more comes in', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(folder.in('data'));
    await using older = startShipper(receiver.port, ['pipe', '--interval', '10'], ID);
    feed(older, lines('a', 1, 10));
    await receiver.hasStored(10);
    await using newer = startShipper(receiver.port, ['pipe', '--interval', '10'], ID);
    await until('the older has ended', () => older.child.exitCode !== null);
    await toldTakenOver(older);
    newer.child.stdin?.end();
    expect(await newer.ended()).toMatchObject({ code: 0 });
  });

  test('of one file: the newer goes on where the older stood, the file is there once', async () => {
    await using folder = await temporaryFolder();
    await using pair = await FaultPair.in(folder.path, ID);
    await pair.grow(60_000);
    await pair.startReceiver();
    await using slow = await FaultProxy.to(pair.port);
    slow.faults = { bytesPerSecond: 100_000 };
    for (let takeovers = 0; takeovers < 3; takeovers += 1) {
      const older = pair.shipper;
      const before = await pair.archived();
      pair.startShipper(slow.port);
      await pair.reaches(before + 1);
      if (older !== undefined) await toldTakenOver(older);
    }
    expect(FaultPair.isAlive(pair.shipper), 'the newest still ships').toBe(true);
    slow.faults = {};
    await pair.expectWholeAtTheEnd();
  });

  test('the older was cut off and comes back: what the newer sent under its numbers is not taken for its own', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path);
    await using proxy = await FaultProxy.to(receiver.port);
    await using older = await testDelivery(proxy.port, { canReread: true });
    await older.delivery.place;
    await sendBatches(older.delivery, 1, 3);
    await older.delivery.drained();
    proxy.faults = { dropsData: true };
    const before = proxy.sentBytes;
    await sendBatches(older.delivery, 4, 6);
    await until('the older believes 4 to 6 sent', () => proxy.sentBytes > before);
    proxy.faults = { isDown: true };
    proxy.break('reset');
    {
      await using newer = await shipperPeer(receiver.port, 'a');
      expect(newer.messages('READY')).toMatchObject([{ sequence: 3 }]);
      for (const sequence of [4, 5]) newer.send(batchFrame({ sequence, text: `{"newer":${sequence}}\n` }));
      await until('the newer is acknowledged', () => acknowledged(newer) === 5);
    }
    proxy.faults = {};
    expect(await codeOf(() => older.delivery.drained())).toBe('conflict');
    expect(older.counts.acknowledged).toBe(3);
    expect((await verdictOn(folder.path)).code).toBe(0);
  });
});

test('an older run that comes back does not take over from one that came after it', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  await using proxy = await FaultProxy.to(receiver.port);
  await using older = await testDelivery(proxy.port);
  await older.delivery.place;
  proxy.faults = { isDown: true };
  proxy.break('reset');
  await using newer = await testDelivery(receiver.port);
  await newer.delivery.place;
  proxy.faults = {};
  await sendBatches(older.delivery, 1, 1);
  expect(await codeOf(() => older.delivery.drained())).toBe('taken_over');
  await sendBatches(newer.delivery, 1, 2);
  await newer.delivery.drained();
  expect([older.counts.acknowledged, newer.counts.acknowledged]).toEqual([0, 2]);
});

describe('batches left in a spool begin behind where the receiver stands', () => {
  test.each([
    ['it lost its archive', 0, { from: 1, to: 4 }],
    ['it was put back to an older state', 2, { from: 3, to: 4 }],
  ])('%s: the hole is declared, and they are taken', async (_name, known, gap) => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path);
    {
      await using before = await testDelivery(receiver.port, { epoch: 7 });
      await sendBatches(before.delivery, 1, known);
      await before.delivery.drained();
    }
    await using left = await testDelivery(receiver.port, { epoch: 7 });
    await sendBatches(left.delivery, 5, 6);
    await left.delivery.drained();
    expect(left.counts.acknowledged).toBe(2);
    await left.delivery.close(1000);
    const headers = await archivedHeaders(folder.path, 'a');
    expect(headers.map(({ sequence }) => sequence).slice(known)).toEqual([4, 5, 6]);
    expect(headers[known]?.gap).toMatchObject({
      from: gap.from,
      reason: 'acknowledged before, and no longer known to the receiver',
    });
    expect((await verdictOn(folder.path)).code).toBe(0);
  });
});

describe('an archive that was lost', () => {
  test('while the shipper of a file waits to reconnect: it says so and exits 1; the next run sends everything', async () => {
    await using folder = await temporaryFolder();
    // No more than that is unacknowledged: of an archive three times as long the shipper knows.
    await using pair = await FaultPair.in(folder.path, { WINDOW_BYTES: '64KiB' });
    await pair.grow(60_000);
    await pair.startReceiver();
    pair.startShipper();
    await pair.reaches(0);
    await until('something is acknowledged', async () => (await pair.archived()) > 200_000);
    await FaultPair.kill(pair.receiver);
    expect(FaultPair.isAlive(pair.shipper)).toBe(true);
    await rm(pair.data, { recursive: true });
    await pair.startReceiver();
    expect(await pair.shipper?.ended()).toMatchObject({ code: 1 });
    expect(pair.shipper?.stderr).toContain('its archive was lost or replaced. Run again');
    pair.startShipper();
    await pair.expectWholeAtTheEnd();
  });

  test('after the shipper of a file had ended: the next run sends everything', async () => {
    await using folder = await temporaryFolder();
    await using pair = await FaultPair.in(folder.path);
    await pair.grow(2000);
    await pair.startReceiver();
    await pair.expectWholeAtTheEnd();
    await rm(pair.data, { recursive: true });
    await pair.startReceiver();
    await pair.expectWholeAtTheEnd();
  });

  test('a shipper that can not read again declares what was acknowledged as a gap, says so, and goes on', async () => {
    await using folder = await temporaryFolder();
    const data = folder.in('data');
    let receiver = await ReceiverProgram.start(data);
    const { port } = receiver;
    try {
      await using shipper = startShipper(port, ['pipe', '--interval', '10'], ID);
      feed(shipper, lines('a', 1, 500));
      await receiver.hasStored(500);
      await FaultPair.kill(receiver);
      await rm(data, { recursive: true });
      receiver = await ReceiverProgram.start(data, { port });
      feed(shipper, lines('a', 501, 500));
      shipper.child.stdin?.end();
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      expect(shipper.stderr).toContain('acknowledged before, and no longer known to the receiver');
      receiver.kill('SIGTERM');
      await receiver.ended();
    } finally {
      await receiver[Symbol.asyncDispose]();
    }
    expect(await runServer(['verify', data])).toMatchObject({ code: 0 });
    const gaps = (await archivedHeaders(data, 'the-one')).map(({ gap }) => gap);
    expect(gaps[0]).toMatchObject({
      from: 1,
      reason: 'acknowledged before, and no longer known to the receiver',
    });
    expect(await archivedLines(data, 'the-one')).toEqual(lines('a', 501, 500));
  });

  test('deleted under a running receiver: the shipper learns it at the next start, and everything is sent again', async () => {
    await using folder = await temporaryFolder();
    await using pair = await FaultPair.in(folder.path);
    await pair.grow(20_000);
    await pair.startReceiver();
    pair.startShipper();
    await pair.reaches(20_000);
    await FaultPair.kill(pair.shipper);
    // The receiver writes into it meanwhile.
    await rm(pair.data, { recursive: true, maxRetries: 10, retryDelay: 20 });
    await FaultPair.kill(pair.receiver);
    await pair.startReceiver();
    await pair.expectWholeAtTheEnd();
  });
});

test('a file that grew while nobody listened is whole after the takeover of a killed shipper', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await ReceiverProgram.start(folder.in('data'));
  const file = folder.in('input.jsonl');
  await appendFile(file, `${lines('a', 1, 3000).join('\n')}\n`);
  {
    await using first = startShipper(receiver.port, ['send', file], ID);
    await receiver.hasWritten(folder.in('data'), 0);
    first.kill('SIGSTOP');
    await appendFile(file, `${lines('a', 3001, 3000).join('\n')}\n`);
    await using second = startShipper(receiver.port, ['send', file], ID);
    expect(await second.ended()).toMatchObject({ code: 0 });
    first.kill('SIGCONT');
    const { code } = await first.ended();
    expect([0, 1]).toContain(code);
  }
  receiver.kill('SIGTERM');
  await receiver.ended();
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(6001);
  await expectWhole(folder.in('data'), file, 6000);
});
