/** Moving from an archive to JetStream and back, against a real server: where shippers stand afterwards. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Block } from '../../src/archive/block.ts';
import { connectNats } from '../../src/jetstream/connection.ts';
import { JetStreamLog } from '../../src/jetstream/jetstream_log.ts';
import { streamOf } from '../../src/jetstream/names.ts';
import { prepareStreams } from '../../src/jetstream/streams.ts';
import { WorkGroup } from '../../src/jetstream/work_group.ts';
import { newLedger, reserve, take } from '../../src/jetstream/work_ledger.ts';
import { IdBindings } from '../../src/receiver/id_bindings.ts';
import type { MoveOptions } from '../../src/tools/move/move_options.ts';
import { moveToArchive } from '../../src/tools/move/to_archive.ts';
import { moveToJetStream } from '../../src/tools/move/to_jetstream.ts';
import { verify } from '../../src/tools/verify.ts';
import { SEGMENT_MAX_BYTES, openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, makeBlock, makeBlocks } from '../helpers/blocks.ts';
import { collectLogs } from '../helpers/logs.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Both sides of a move; each test has streams of its own. */
function sidesOf(folder: string, stream: string) {
  const logs = collectLogs();
  const options: MoveOptions = {
    folder,
    format: 'gzip',
    segmentMaxBytes: SEGMENT_MAX_BYTES,
    nats: { servers: [server.url], name: 'test' },
    streams: {
      ...{ stream, partitions: 2, replicas: 1, maxAgeMs: 0 },
      maxBytes: 64 * 1024 * 1024,
      duplicateWindowMs: 2000,
    },
    group: 'archive',
    log: logs.log,
  };
  return { options, logs, openLog: () => JetStreamLog.open({ ...options, format: 'gzip' }) };
}

const at = (offset: number) => ({ offset, head: 'ab', headBytes: 1 });

/** More of them are in two such than one header holds. */
const manyOf = (name: string) =>
  Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`/var/log/${name}/${n}.log`, at(n)]));

/** Appends in order; what became of each. */
async function append(log: { append(block: Block): Promise<string> }, blocks: readonly Block[]) {
  return Promise.all(blocks.map((block) => log.append(block)));
}

/** As the workers of the group say when they have written all there is. */
async function sayWrittenOut({ nats: address, streams }: MoveOptions): Promise<void> {
  await using nats = await connectNats(address);
  const workers = new WorkGroup(await prepareStreams(nats, streams), 'archive');
  for (let partition = 0; partition < streams.partitions; partition += 1) {
    const { state } = await nats.manager.streams.info(streamOf(streams.stream, partition));
    const seen = await workers.ledger(partition);
    const held = take(seen?.ledger ?? newLedger(1), { worker: 'w', run: 'r' });
    const done = reserve(reserve(held, state.last_seq, 0), state.last_seq, state.last_seq);
    await workers.write(partition, done, seen?.revision ?? 0);
  }
}

async function verified(...folders: readonly string[]): Promise<string> {
  let said = '';
  expect({ code: await verify(folders, { write: (text) => (said += text) }), said }).toMatchObject({
    code: 0,
  });
  return said;
}

describe('to jetstream', () => {
  test('shippers go on where the archive has them, with all they had', async () => {
    await using folder = await temporaryFolder();
    const { options, logs, openLog } = sidesOf(folder.path, 'GO_ON');
    const refused = { from: 6, entries: 2, reason: 'rejected: bad_json', rejected: 'bad_json' };
    const rejected = await makeBlock({ sequence: 6, count: 0, text: '', gap: refused });
    const blocks = [
      ...(await makeBlocks(1, 5, { positions: { '/log': at(9) } })),
      rejected,
      await makeBlock({ shipperId: 'b.é *>', epoch: EPOCH + 1, sequence: 3 }),
      await makeBlock({ shipperId: '@plain' }),
    ];
    await writeArchive(folder.path, blocks, 'one by one');
    await moveToJetStream(options);
    expect(logs.at('info')).toEqual(['2 places of shippers moved, 0 were there']);
    await using log = await openLog();
    expect(await log.resumePoint('a')).toEqual({
      ...{ epoch: EPOCH, sequence: 6, crc: 0, positions: { '/log': at(9) } },
      rejected: [{ sequence: 6, code: 'bad_json' }],
    });
    expect((await log.resumePoint('b.é *>'))?.sequence).toBe(3);
    expect(await append(log, [rejected, ...(await makeBlocks(7, 8))])).toEqual([
      'repeated',
      'stored',
      'stored',
    ]);
  });

  test('what is further in the streams stays, however often it is moved', async () => {
    await using folder = await temporaryFolder();
    const { options, logs, openLog } = sidesOf(folder.path, 'FURTHER');
    await writeArchive(folder.path, await makeBlocks(1, 3));
    await moveToJetStream(options);
    {
      await using log = await openLog();
      await log.resumePoint('a');
      await append(log, await makeBlocks(4, 9));
    }
    await moveToJetStream(options);
    expect(logs.at('info').at(-1)).toBe('0 places of shippers moved, 1 were there');
    await using log = await openLog();
    expect((await log.resumePoint('a'))?.sequence).toBe(9);
  });

  test('what is further in the archive is taken, and a receiver that knew the old place is told', async () => {
    await using folder = await temporaryFolder();
    const { options, openLog } = sidesOf(folder.path, 'BEHIND');
    await writeArchive(folder.path, await makeBlocks(1, 2));
    await moveToJetStream(options);
    await using log = await openLog();
    await log.resumePoint('a');
    await append(log, await makeBlocks(3, 4));
    await writeArchive(folder.path, await makeBlocks(3, 7));
    await moveToJetStream(options);
    await expect(log.append(await makeBlock({ sequence: 5 }))).rejects.toMatchObject({ code: 'taken_over' });
    await using next = await openLog();
    expect((await next.resumePoint('a'))?.sequence).toBe(7);
    expect(await append(next, await makeBlocks(7, 8))).toEqual(['repeated', 'stored']);
  });

  test('one with two histories is named and left, all others are moved', async () => {
    await using folder = await temporaryFolder();
    const { options, logs, openLog } = sidesOf(folder.path, 'APART');
    {
      await using log = await openLog();
      await log.resumePoint('a');
      await log.append(await makeBlock({ epoch: EPOCH + 5 }));
    }
    await writeArchive(folder.path, [await makeBlock(), await makeBlock({ shipperId: 'b' })]);
    await expect(moveToJetStream(options)).rejects.toThrow('1 shippers stand at places');
    expect(logs.at('error')).toEqual(['a has two histories: it was not moved']);
    await using log = await openLog();
    expect((await log.resumePoint('a'))?.epoch).toBe(EPOCH + 5);
    expect((await log.resumePoint('b'))?.epoch).toBe(EPOCH);
  });

  test('an archive that a receiver has is not moved', async () => {
    await using folder = await temporaryFolder();
    const { options } = sidesOf(folder.path, 'IN_USE');
    await using receiver = await openArchive(folder.path);
    expect(receiver.archive.trouble).toBeUndefined();
    await expect(moveToJetStream(options)).rejects.toMatchObject({ code: 'in_use' });
  });
});

describe('to an archive', () => {
  test('it goes on behind what was published, of which other archives have the entries', async () => {
    await using mine = await temporaryFolder();
    await using other = await temporaryFolder();
    const { options, logs, openLog } = sidesOf(mine.path, 'BACK');
    await writeArchive(mine.path, await makeBlocks(1, 3, { positions: { '/log': at(3) } }));
    await moveToJetStream(options);
    {
      await using log = await openLog();
      await log.resumePoint('a');
      await log.resumePoint('b');
      await append(log, await makeBlocks(4, 5, { positions: { '/log': at(6), ...manyOf('first') } }));
      await append(log, await makeBlocks(6, 6, { positions: manyOf('second') }));
      await append(log, await makeBlocks(1, 2, { shipperId: 'b' }));
      await log.append(await makeBlock({ shipperId: '@plain-0123abcd' }));
    }
    await expect(moveToArchive(options)).rejects.toThrow(/not written out .* messages of BACK-\d/);
    const written = [...(await makeBlocks(4, 6)), ...(await makeBlocks(1, 2, { shipperId: 'b' }))];
    await writeArchive(other.path, written);
    await sayWrittenOut(options);
    await moveToArchive(options);
    expect(logs.at('info').at(-1)).toBe('2 places of shippers moved, 0 were there');
    await moveToArchive(options);
    expect(logs.at('info').at(-1)).toBe('0 places of shippers moved, 2 were there');
    {
      await using opened = await openArchive(mine.path);
      const { archive } = opened;
      const positions = { '/log': at(6), ...manyOf('first'), ...manyOf('second') };
      expect((await archive.resumePoint('a'))?.positions).toEqual(positions);
      expect(await append(archive, await makeBlocks(6, 7))).toEqual(['repeated', 'stored']);
      const more = await makeBlocks(2, 3, { shipperId: 'b' });
      expect(await append(archive, more)).toEqual(['repeated', 'stored']);
    }
    expect(await verified(mine.path, other.path)).toContain('together: ');
    expect(await verified(mine.path)).toContain('in other archives');
  });

  test('and from there to JetStream again', async () => {
    await using folder = await temporaryFolder();
    const { options, openLog } = sidesOf(folder.path, 'ROUND');
    {
      await using log = await openLog();
      await log.resumePoint('a');
      await append(log, await makeBlocks(1, 4));
    }
    await sayWrittenOut(options);
    await moveToArchive(options);
    await writeArchive(folder.path, await makeBlocks(5, 9));
    await moveToJetStream(options);
    await using log = await openLog();
    expect((await log.resumePoint('a'))?.sequence).toBe(9);
    expect(await append(log, await makeBlocks(9, 10))).toEqual(['repeated', 'stored']);
  });
});

test('who a shipper id belongs to goes along, both ways', async () => {
  await using folder = await temporaryFolder();
  await using back = await temporaryFolder();
  const { options, openLog } = sidesOf(folder.path, 'OWNERS');
  await writeFile(
    folder.in('id_bindings.json'),
    JSON.stringify({ bindings: { a: 'token x', b: 'token y' } }),
  );
  await moveToJetStream(options);
  {
    await using log = await openLog();
    expect(await log.bindings.claim('a', 'token other')).toBe(false);
    expect(await log.bindings.claim('c', 'token z')).toBe(true);
  }
  await moveToArchive({ ...options, folder: back.path });
  const bindings = await IdBindings.open(back.path);
  expect(await bindings.claim('b', 'token other')).toBe(false);
  expect(await bindings.claim('c', 'token z')).toBe(true);
  await writeFile(folder.in('id_bindings.json'), JSON.stringify({ bindings: { c: 'token other' } }));
  await expect(moveToJetStream(options)).rejects.toThrow('c belongs to another');
});
