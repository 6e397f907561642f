import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { encodeBatch } from '../../../src/shipper/encode.ts';
import { gapBatch } from '../../../src/shipper/spool/spool_file.ts';
import { decodeGap } from '../../../src/wire/messages.ts';
import { testDelivery } from '../../helpers/deliveries.ts';
import { fakeReceiver } from '../../helpers/fake_receiver.ts';
import { hasPython, startPlainReceiver } from '../../helpers/processes.ts';
import { archivedLines, testReceiver, verdictOn } from '../../helpers/receivers.ts';
import { linesSource, neverStop, numbered, testShipper } from '../../helpers/shippers.ts';
import { leave, openSpool, spoolFiles } from '../../helpers/spools.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

describe('a spool that was damaged', () => {
  test.each([
    ['in the middle of a file', 0, 3 * 45 + 20],
    ['in a header, so that the rest of its file is lost', 0, 3 * 45],
  ])('%s is shipped with a declared gap', async (_, file, at) => {
    await using folder = await temporaryFolder();
    await using state = await temporaryFolder();
    await using data = await temporaryFolder();
    await leave(folder.path, 1, 9, {}, { maxBytes: 8 * 5 * 45 });
    const name = (await spoolFiles(folder.path))[file] ?? '';
    const bytes = await readFile(folder.in(name));
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(folder.in(name), bytes);
    await using receiver = await testReceiver(data.path);
    const { spool } = await openSpool(folder.path);
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(['{"own":1}']),
      stateFolder: state.path,
      spool,
      dial: { delivery: 'acked' },
    });
    await shipper.run(neverStop());
    await receiver[Symbol.asyncDispose]();
    const lines = await archivedLines(data.path, 'test-shipper');
    expect(lines).toEqual([
      ...numbered(3),
      ...numbered(at % 45 === 0 ? 4 : 5, at % 45 === 0 ? 6 : 5),
      '{"own":1}',
    ]);
    expect((await verdictOn(data.path)).code).toBe(0);
    expect(await spoolFiles(folder.path)).toEqual([]);
  });
});

test('a gap of which the receiver has the first part is declared for the rest', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, { epoch: 3 });
  const connection = await receiver.connection(1);
  tested.delivery
    .send(gapBatch({ from: 2, to: 9, entries: 80, reason: 'the spool was full' }))
    .catch(() => undefined);
  await connection.greet({ sequence: 5 });
  const { payload } = await connection.next('GAP');
  expect(decodeGap(payload)).toEqual({ from: 6, to: 9, entries: 80, reason: 'the spool was full' });
});

test('a batch spooled as zstd is encoded again for a receiver that does not take it', async () => {
  await using receiver = await fakeReceiver();
  const gzip = { algorithm: 'gzip', level: 1, bypassBelow: 0 } as const;
  await using tested = await testDelivery(receiver.port, { epoch: 3, compression: () => gzip });
  const raw = Buffer.from('{"n":1}\n');
  const batch = { sequence: 1, count: 1, raw, positions: {} };
  await tested.delivery.send(await encodeBatch(batch, 'acked', { ...gzip, algorithm: 'zstd' }));
  const connection = await receiver.connection(1);
  await connection.greet({}, { algorithms: ['none', 'gzip'] });
  await connection.hasGot(1);
  expect(connection.batches()[0]).toMatchObject({ algorithm: 'gzip', sequence: 1, count: 1 });
  expect(await connection.lines()).toEqual(['{"n":1}']);
});

test.skipIf(!hasPython())(
  'a spool ships to a receiver of the original protocol, and is empty then',
  async () => {
    await using folder = await temporaryFolder();
    await using state = await temporaryFolder();
    await leave(folder.path, 1, 5);
    await using receiver = await startPlainReceiver(state.in('out.jsonl'));
    const { spool } = await openSpool(folder.path);
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(numbered(30, 6)),
      stateFolder: state.path,
      spool,
      dial: { delivery: 'plain' },
    });
    await shipper.run(neverStop());
    expect(shipper.counts).toMatchObject({ read: 35, acknowledged: 35 });
    const entries = async (): Promise<unknown[]> =>
      (await readFile(state.in('out.jsonl'), 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { n: number }).n);
    await until('all are there', async () => (await entries()).length === 35);
    expect(await entries()).toEqual(Array.from({ length: 35 }, (_, n) => n + 1));
    expect(await spoolFiles(folder.path)).toEqual([]);
  },
);
