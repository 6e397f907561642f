import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { files } from '../../src/shipper/sources/files.ts';
import type { Source } from '../../src/shipper/source.ts';
import { fakeReceiver, type FakeConnection } from '../helpers/fake_receiver.ts';
import { collectLogs, silentLog } from '../helpers/logs.ts';
import { archivedHeaders, archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { chunkOf, linesSource, neverStop, numbered, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ID = 'test-shipper';

describe('a run', () => {
  test.each(['gzip', 'zlib', 'zstd', 'none'] as const)(
    'with %s: every entry once, in order, acknowledged',
    async (algorithm) => {
      await using folder = await temporaryFolder();
      const lines = numbered(5000);
      {
        await using receiver = await testReceiver(folder.in('data'));
        const shipper = testShipper({
          ...{ port: receiver.port, source: linesSource(lines, 7), stateFolder: folder.in('state') },
          compression: { algorithm, level: 6, bypassBelow: 0 },
        });
        await shipper.run(neverStop());
        expect(shipper.counts).toMatchObject({
          read: 5000,
          acknowledged: 5000,
          rejected: 0,
          resent: 0,
          connections: 1,
        });
        expect(receiver.ledger.errors).toEqual({});
      }
      expect(await archivedLines(folder.in('data'), ID)).toEqual(lines);
      expect((await verdictOn(folder.in('data'))).code).toBe(0);
    },
  );

  test('batches are small while the line is idle and grow while it is busy', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.in('data'));
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(numbered(20_000)),
      stateFolder: folder.in('state'),
    });
    await shipper.run(neverStop());
    const counts = (await archivedHeaders(folder.in('data'), ID)).map(({ count }) => count);
    expect(Math.max(...counts)).toBeGreaterThan(100);
    expect(shipper.counts.batches).toBe(counts.length);
  });

  test('a source that fails is an error, after everything it gave is acknowledged', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.in('data'));
    const source: Source = {
      name: 'failing',
      canReread: false,
      // eslint-disable-next-line @typescript-eslint/require-await -- there is nothing to wait for
      async *read() {
        yield chunkOf(['{"a":1}']);
        throw new Error('the disk broke');
      },
    };
    const shipper = testShipper({ port: receiver.port, source, stateFolder: folder.in('state') });
    await expect(shipper.run(neverStop())).rejects.toThrow('the disk broke');
    expect(await archivedLines(folder.in('data'), ID)).toEqual(['{"a":1}']);
  });

  test('told to stop, it ships what it has read and ends in order', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.in('data'));
    const stop = new AbortController();
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(numbered(1e6)),
      stateFolder: folder.in('state'),
    });
    const running = shipper.run(stop.signal);
    await until('it ships', () => shipper.counts.acknowledged > 100);
    stop.abort();
    await running;
    const { read, acknowledged } = shipper.counts;
    expect(acknowledged).toBe(read);
    expect(await archivedLines(folder.in('data'), ID)).toEqual(numbered(read));
  });

  test.each([
    ['while it waits for the receiver', (stop: AbortController) => setImmediate(() => stop.abort())],
    ['before it began', (stop: AbortController) => stop.abort()],
  ])('told to stop %s, it ends soon', async (_, abort) => {
    await using folder = await temporaryFolder();
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as { port: number };
    closed.close();
    await once(closed, 'close');
    const stop = new AbortController();
    const shipper = testShipper({ port, source: linesSource(numbered(10)), stateFolder: folder.in('state') });
    abort(stop);
    let failure: unknown;
    shipper.run(stop.signal).catch((error: unknown) => (failure = error));
    await until('it has ended', () => failure !== undefined, 2000);
    expect(failure).toMatchObject({ code: 'closed' });
  });
});

describe('files', () => {
  test('are shipped once, and the next run goes on where the receiver stands', async () => {
    await using folder = await temporaryFolder();
    const path = folder.in('app.log');
    await writeFile(path, `${numbered(1000).join('\n')}\n`);
    await using receiver = await testReceiver(folder.in('data'));
    const ship = async (): Promise<number> => {
      const source = files({ paths: [path], readBytes: 4096, maxLineBytes: 1000, log: silentLog });
      const shipper = testShipper({ port: receiver.port, source, stateFolder: folder.in('state') });
      await shipper.run(neverStop());
      return shipper.counts.read;
    };
    expect(await ship()).toBe(1000);
    expect(await ship()).toBe(0);
    await writeFile(path, `${numbered(1500).join('\n')}\n`);
    expect(await ship()).toBe(500);
    expect(await archivedLines(folder.in('data'), ID)).toEqual(numbered(1500));
  });

  test('eight thousand of them can be gone on with', { timeout: 60_000 }, async () => {
    await using folder = await temporaryFolder();
    const logs = folder.in(`logs-${'x'.repeat(100)}`);
    await mkdir(logs);
    const paths = Array.from({ length: 8000 }, (_, n) => `${logs}/${n}.log`);
    for (const [n, path] of paths.entries()) await writeFile(path, `{"n":${n}}\n`);
    await using receiver = await testReceiver(folder.in('data'));
    for (const expected of [8000, 0]) {
      const source = files({ paths, readBytes: 4096, maxLineBytes: 1000, log: silentLog });
      const shipper = testShipper({
        port: receiver.port,
        source,
        stateFolder: folder.in('state'),
        dial: { delivery: 'acked' },
      });
      await shipper.run(AbortSignal.timeout(25_000));
      expect(shipper.counts.read).toBe(expected);
    }
    expect(await archivedLines(folder.in('data'), ID)).toHaveLength(8000);
  });

  test.each([
    ['MAX_BATCH_BYTES', { maxBatchBytes: 8 * 1024 }],
    ['MAX_FRAME_BYTES', { maxFrameBytes: 8 * 1024 }],
  ])(
    'go in batches that fit a receiver with a small %s: no short line becomes a dead letter',
    async (_, limits) => {
      await using folder = await temporaryFolder();
      const path = folder.in('app.log');
      const lines = Array.from(
        { length: 2000 },
        (_each, n) => `{"n":${n},"id":"${(Math.imul(n + 1, 2654435761) >>> 0).toString(36)}"}`,
      );
      await writeFile(path, `${lines.join('\n')}\n`);
      const { log, at } = collectLogs();
      {
        await using receiver = await testReceiver(folder.in('data'), { limits });
        const shipper = testShipper({
          ...{ port: receiver.port, stateFolder: folder.in('state'), log },
          source: files({ paths: [path], readBytes: 64 * 1024, maxLineBytes: 1000, log: silentLog }),
          compression: { algorithm: 'none', level: 6, bypassBelow: 0 },
        });
        await shipper.run(neverStop());
        expect(shipper.counts).toMatchObject({ acknowledged: 2000, rejected: 0 });
      }
      expect(at('error')).toEqual([]);
      expect(await archivedLines(folder.in('data'), ID)).toEqual(lines);
    },
  );
});

test('an entry that no receiver takes becomes a dead letter, the ones around it are stored', async () => {
  await using folder = await temporaryFolder();
  const huge = `{"huge":"${'x'.repeat(300_000)}"}`;
  {
    await using receiver = await testReceiver(folder.in('data'), { limits: { maxBatchBytes: 200_000 } });
    const shipper = testShipper({
      ...{ port: receiver.port, stateFolder: folder.in('state') },
      source: linesSource([...numbered(5), huge, ...numbered(5, 6)]),
    });
    await shipper.run(neverStop());
    expect(shipper.counts).toMatchObject({ read: 11, acknowledged: 10, rejected: 1 });
  }
  expect(await archivedLines(folder.in('data'), ID)).toEqual(numbered(10));
  expect(await readdir(folder.in('state', 'dead-letter', ID))).toHaveLength(2);
  expect((await verdictOn(folder.in('data'))).code).toBe(0);
});

describe('a receiver that does not acknowledge', () => {
  /** Ships it two lines; it leaves the first connection once `before` of them have come. The answer is what went wrong. */
  async function shipTwo(before: 0 | 1, leave: (connection: FakeConnection) => unknown): Promise<unknown> {
    await using folder = await temporaryFolder();
    await using receiver = await fakeReceiver();
    const left = (async () => {
      const first = await receiver.connection(1);
      await until('lines come', async () => (await first.lines()).length >= before);
      leave(first);
      await receiver.connection(2);
    })();
    const source: Source = {
      name: 'two lines',
      canReread: false,
      async *read() {
        for (const [index, line] of numbered(2).entries()) {
          if (index >= before) await left;
          yield chunkOf([line]);
        }
      },
    };
    const shipper = testShipper({
      ...{ port: receiver.port, source, stateFolder: folder.path, dial: { delivery: 'plain' } },
      batcher: { size: 1, intervalMs: 1, maxBytes: 1000 },
    });
    const failure = await shipper.run(neverStop()).catch((error: unknown) => error);
    expect(shipper.counts).toMatchObject({ acknowledged: 2, connections: 2 });
    return failure;
  }

  test.each([
    ['resets', ({ socket }: FakeConnection) => socket.resetAndDestroy(), /ECONNRESET/],
    ['closes', ({ socket }: FakeConnection) => socket.end(), /the receiver closed the connection/],
  ])(
    'and %s a connection may lack what it was sent: the run goes on, and is an error',
    async (_, leave, why) => {
      const failure = await shipTwo(1, leave);
      expect(failure).toMatchObject({ code: 'in_doubt', message: expect.stringMatching(why) as string });
    },
  );

  test('and closes a connection before anything was sent lacks nothing', async () => {
    expect(await shipTwo(0, ({ socket }) => socket.end())).toBeUndefined();
  });
});
