/** A disk that is really full, or read-only: a tmpfs of a few MiB, and the two programs as processes. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import { ReceiverProgram, runServer, startShipper, type Program } from '../helpers/programs.ts';
import { acknowledged, batchFrame, rawPeer, shipperPeer, typed, HELLO } from '../helpers/raw_peer.ts';

import { temporaryFolder } from '../helpers/temp_folder.ts';
import { canMount, isWrittenAgain, mountTmpfs, type Tmpfs } from '../helpers/tmpfs.ts';
import { until } from '../helpers/until.ts';

const ENTRIES = 150_000;
const DISK_MIB = 24;
/** Leaves a MiB and a bit: less than the entries take. */
const BALLAST_MIB = 22;

const outages = (receiver: Program): string[] =>
  receiver.log.filter(({ level }) => level === 50).map(({ msg }) => msg);
const isInOutage = (receiver: Program): Promise<void> =>
  until('the receiver says that it can not write', () => outages(receiver).length > 0, 30_000);

async function expectWhole(data: string, file: string, shipper: string): Promise<void> {
  const verified = await runServer(['verify', data]);
  expect(verified.stdout).toContain('clean');
  expect(verified).toMatchObject({ code: 0 });
  const printed = await runServer(['cat', data, '--shipper', shipper]);
  expect(printed.bytes.equals(await readFile(file))).toBe(true);
}

/** A receiver on a nearly full disk, and a shipper that has filled it. */
async function fullDisk(
  disk: Tmpfs,
  file: string,
  resources: AsyncDisposableStack,
  env: Record<string, string> = {},
): Promise<{ data: string; receiver: ReceiverProgram; shipper: Program }> {
  const data = disk.in('data');
  await disk.fill(BALLAST_MIB);
  await writeNumberedFile(file, ENTRIES);
  const receiver = resources.use(await ReceiverProgram.start(data, { env }));
  const shipper = resources.use(startShipper(receiver.port, ['send', file], { SHIPPER_ID: 'filler' }));
  await isInOutage(receiver);
  return { data, receiver, shipper };
}

describe.skipIf(!(await canMount()))('a disk', () => {
  test('that becomes full under load: no ack, one word of it, the shipper waits, and all goes on by itself', async () => {
    await using folder = await temporaryFolder();
    await using disk = await mountTmpfs(DISK_MIB);
    const file = folder.in('input.jsonl');
    await using resources = new AsyncDisposableStack();
    const { data, receiver, shipper } = await fullDisk(disk, file, resources);
    await using other = await shipperPeer(receiver.port, 'other');
    other.send(batchFrame());
    await isWrittenAgain(data);
    await isWrittenAgain(data);
    other.send(typed('PING', 'alive?'));
    await other.next('PONG');
    expect(other.frames.map(({ type }) => type)).toEqual(['WELCOME', 'READY', 'PONG']);
    await using newcomer = await rawPeer(receiver.port);
    newcomer.send(HELLO);
    await newcomer.next('WELCOME');
    expect(shipper.child.exitCode).toBeNull();

    await disk.free();
    await until('the batch that waited is acknowledged', () => acknowledged(other) === 1);
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    expect(shipper.log.at(-1)).toMatchObject({ acknowledged: ENTRIES, connections: 1, resent: 0 });
    expect(outages(receiver)).toEqual([expect.stringContaining('ENOSPC')]);
    receiver.kill('SIGTERM');
    expect(await receiver.ended()).toMatchObject({ code: 0 });
    expect(receiver.log.filter(({ msg }) => msg === 'the archive is written again')).toHaveLength(1);
    await expectWhole(data, file, 'filler');
  });

  test('that is full when SIGTERM comes: the receiver exits 1 and says so, its successor has all that was acknowledged', async () => {
    await using folder = await temporaryFolder();
    await using disk = await mountTmpfs(DISK_MIB);
    const file = folder.in('input.jsonl');
    const timeout = { SHUTDOWN_TIMEOUT: '30' };
    await using resources = new AsyncDisposableStack();
    const { data, receiver: first, shipper } = await fullDisk(disk, file, resources, timeout);
    first.kill('SIGTERM');
    expect(await first.ended()).toMatchObject({ code: 1 });
    expect(outages(first).at(-1)).toContain('stopped while the archive could not be written');
    expect(outages(first).join()).not.toContain('SHUTDOWN_TIMEOUT');

    await disk.free();
    await using second = await ReceiverProgram.start(data, { port: first.port });
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    expect(shipper.log.at(-1)).toMatchObject({ acknowledged: ENTRIES });
    second.kill('SIGTERM');
    expect(await second.ended()).toMatchObject({ code: 0 });
    await expectWhole(data, file, 'filler');
  });

  test('that is read-only: nothing is acknowledged until it can be written again', async () => {
    await using folder = await temporaryFolder();
    await using disk = await mountTmpfs(DISK_MIB);
    const [file, data] = [folder.in('input.jsonl'), disk.in('data')];
    await writeNumberedFile(file, 1000);
    await using receiver = await ReceiverProgram.start(data);
    await disk.remount('ro');
    await using shipper = startShipper(receiver.port, ['send', file], { SHIPPER_ID: 'reader' });
    await isInOutage(receiver);
    await using other = await shipperPeer(receiver.port, 'other');
    other.send(batchFrame(), typed('PING'));
    await other.next('PONG');
    expect(acknowledged(other)).toBe(0);
    expect(shipper.child.exitCode).toBeNull();

    await disk.remount('rw');
    await until('the batch that waited is acknowledged', () => acknowledged(other) === 1);
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    expect(outages(receiver)).toEqual([expect.stringContaining('EROFS')]);
    receiver.kill('SIGTERM');
    expect(await receiver.ended()).toMatchObject({ code: 0 });
    await expectWhole(data, file, 'reader');
  });
});
