import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import { ReceiverProgram, archiveBytes, runServer, startShipper } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ENTRIES = 400_000;

/** Level 9 makes the run last long enough to be killed in the middle. */
const SLOW = { COMPRESSION_LEVEL: '9' };

async function expectWhole(data: string, file: string): Promise<void> {
  const verified = await runServer(['verify', data]);
  expect(verified.stdout).toContain('clean');
  expect(verified).toMatchObject({ code: 0 });
  expect((await runServer(['cat', data])).bytes.equals(await readFile(file))).toBe(true);
}

describe('kill -9', () => {
  test('of the receiver while a shipper ships: restarted, everything is there once, the shipper resumes by itself', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'input.jsonl');
    const data = join(folder.path, 'data');
    await writeNumberedFile(file, ENTRIES);
    let receiver = await ReceiverProgram.start(data);
    const { port } = receiver;
    await using shipper = startShipper(port, ['send', file], SLOW);
    try {
      for (let kills = 0; kills < 3; kills += 1) {
        await receiver.hasWritten(data, await archiveBytes(data));
        expect(shipper.child.exitCode).toBeNull();
        receiver.kill('SIGKILL');
        await receiver.ended();
        receiver = await ReceiverProgram.start(data, { port });
      }
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      expect(shipper.log.at(-1)).toMatchObject({ acknowledged: ENTRIES, connections: 4 });
      receiver.kill('SIGTERM');
      expect(await receiver.ended()).toMatchObject({ code: 0 });
    } finally {
      await receiver[Symbol.asyncDispose]();
    }
    await expectWhole(data, file);
  });

  test('of the shipper: the next run goes on exactly where the archive ends', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'input.jsonl');
    const data = join(folder.path, 'data');
    await writeNumberedFile(file, ENTRIES);
    await using receiver = await ReceiverProgram.start(data);
    for (let kills = 0; kills < 3; kills += 1) {
      await using shipper = startShipper(receiver.port, ['send', file], SLOW);
      await receiver.hasWritten(data, await archiveBytes(data));
      expect(shipper.child.exitCode).toBeNull();
      shipper.kill('SIGKILL');
      await shipper.ended();
    }
    await using last = startShipper(receiver.port, ['send', file]);
    expect(await last.ended()).toMatchObject({ code: 0 });
    expect(last.log.some(({ msg }) => msg.includes('going on at byte'))).toBe(true);
    receiver.kill('SIGTERM');
    await receiver.ended();
    await expectWhole(data, file);
  });
});

describe('SIGTERM', () => {
  test('of the receiver under load settles what is in hand and exits 0; the shipper comes back to its successor', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'input.jsonl');
    const data = join(folder.path, 'data');
    await writeNumberedFile(file, ENTRIES);
    await using first = await ReceiverProgram.start(data);
    await using shipper = startShipper(first.port, ['send', file], SLOW);
    await first.hasWritten(data, 0);
    first.kill('SIGTERM');
    expect(await first.ended()).toMatchObject({ code: 0 });
    expect(first.log.at(-1)).toMatchObject({ msg: 'receiver stopped', inHand: 0, refused: 0 });
    await using second = await ReceiverProgram.start(data, { port: first.port });
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    expect(shipper.log.at(-1)).toMatchObject({ acknowledged: ENTRIES, inFlight: 0 });
    second.kill('SIGTERM');
    await second.ended();
    await expectWhole(data, file);
  });

  test('of a generator stops it, and everything it made is acknowledged', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(join(folder.path, 'data'));
    await using shipper = startShipper(receiver.port, [
      '--run-time',
      '0',
      '--log-rate',
      '2000',
      '--batch',
      '500',
      '--interval',
      '10',
    ]);
    await receiver.hasStored(1);
    shipper.kill('SIGTERM');
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    const summary = shipper.log.at(-1);
    expect(summary).toMatchObject({ inFlight: 0 });
    await until(
      'the receiver reports what the shipper knows acknowledged',
      () => receiver.stored === summary?.acknowledged,
    );
  });

  test('a second signal ends the receiver at once', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(join(folder.path, 'data'));
    await using shipper = startShipper(receiver.port, [
      '--delivery',
      'plain',
      '--run-time',
      '0',
      '--log-rate',
      '1000',
      '--interval',
      '10',
    ]);
    await receiver.hasStored(1);
    receiver.kill('SIGTERM');
    await until('the receiver is stopping', () => receiver.log.some(({ msg }) => msg.startsWith('stopping')));
    receiver.kill('SIGTERM');
    expect((await receiver.ended()).code).toBe(143);
    shipper.kill('SIGKILL');
  });
});
