/** A receiver that answers HELLO too late: its shipper goes on with PLAIN frames, on the connection that it greeted. */
import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { files } from '../../src/shipper/sources/files.ts';
import type { Source } from '../../src/shipper/source.ts';
import { collectLogs, silentLog } from '../helpers/logs.ts';
import { HELLO, batchFrame, frame, openFrame, rawPeer } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { linesSource, neverStop, numbered, pacedSource, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const IDLE_TIMEOUT_MS = 1200;
const LIMITS = { frameTimeoutMs: 1000, idleTimeoutMs: IDLE_TIMEOUT_MS };

const entry = (n: number): Buffer => frame(0, `[{"n":${n}}]`);

describe('plain frames behind a HELLO', () => {
  test('are archived, and their connection lives on, longer than FRAME_TIMEOUT and IDLE_TIMEOUT', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { limits: LIMITS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(1));
    await peer.next('WELCOME');
    for (const closed of [HELLO, Buffer.alloc(0)]) {
      await using other = await rawPeer(receiver.port);
      other.send(closed);
      await other.ended();
    }
    peer.send(entry(2));
    await until('both are durable', () => receiver.ledger.stored === 2);
    expect(await archivedLines(folder.path, '@plain')).toEqual(['{"n":1}', '{"n":2}']);
    expect(peer.isEnded).toBe(false);
    expect(peer.frames.map(({ type }) => type)).toEqual(['WELCOME']);
    expect(receiver.ledger.errors).toEqual({ timeout: 2 });
  });

  test('are finished in time, as any other', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { limits: LIMITS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(1), entry(2).subarray(0, 7));
    await peer.ended();
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'timeout' }]);
    expect(receiver.ledger.stored).toBe(1);
  });

  test('do not keep a shipper from OPEN, and then it is one: it is closed when it falls silent', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { limits: LIMITS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(1), openFrame('a'), batchFrame());
    await peer.next('ACK');
    await peer.ended();
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'timeout' }]);
  });

  test('are read to their end by a receiver that stops', async () => {
    await using folder = await temporaryFolder();
    const receiver = await testReceiver(folder.path);
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(0));
    await until('the first is durable', () => receiver.ledger.stored === 1);
    peer.send(...Array.from({ length: 10 }, (_, n) => entry(n + 1)));
    await receiver[Symbol.asyncDispose]();
    expect(await archivedLines(folder.path, '@plain')).toHaveLength(11);
  });
});

interface LateAnswers extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** From now on answers are passed on. */
  release(): void;
}

/** Passes on what goes to `port`, and what comes back only when it is told to. */
async function lateAnswers(port: number): Promise<LateAnswers> {
  const sockets: Socket[] = [];
  const released = Promise.withResolvers<void>();
  const late = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      await released.promise;
      yield chunk;
    }
  };
  const proxy = createServer({ allowHalfOpen: true }, (socket) => {
    const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket, target);
    pipeline(socket, target).catch(() => undefined);
    pipeline(target, late, socket).catch(() => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    get connections() {
      return sockets.length / 2;
    },
    release: () => released.resolve(),
    async [Symbol.asyncDispose]() {
      released.resolve();
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('a shipper that gets WELCOME after HELLO_TIMEOUT', () => {
  test('ends what it began plain, greets anew, and everything is there once', async () => {
    await using folder = await temporaryFolder();
    await using state = await temporaryFolder();
    const { log, at } = collectLogs();
    await using receiver = await testReceiver(folder.path);
    await using proxy = await lateAnswers(receiver.port);
    const shipper = testShipper({
      port: proxy.port,
      source: pacedSource(numbered(12), async (yielded) => {
        if (yielded !== 6) return;
        await until('they are stored', () => receiver.ledger.stored === 6);
        proxy.release();
        await until('it is greeted anew', () => shipper.mode === 'acked');
      }),
      stateFolder: state.path,
      dial: { delivery: 'auto', helloTimeoutMs: 100 },
      log,
    });
    await shipper.run(neverStop());
    expect(shipper.counts).toMatchObject({ read: 12, acknowledged: 12, connections: 2 });
    expect(at('warn').join('\n')).toMatch(/DOES NOT ACKNOWLEDGE[^]*acknowledges after all/);
    expect(at('warn').join('\n')).not.toContain('may be lost');
    expect(await archivedLines(folder.path, '@plain')).toEqual(numbered(6));
    expect(await archivedLines(folder.path, 'test-shipper')).toEqual(numbered(6, 7));
    expect((await verdictOn(folder.path)).code).toBe(0);
    expect(receiver.ledger.errors).toEqual({});
  });

  test('of files the receiver has part of: stops, and its next run goes on where the receiver stands', async () => {
    await using folder = await temporaryFolder();
    const file = folder.in('app.log');
    await using receiver = await testReceiver(folder.in('data'));
    const source = files({ paths: [file], readBytes: 1024, maxLineBytes: 1024, log: silentLog });
    const readOn: Source['read'] = (from, signal, maxBytes) => source.read(from, signal, maxBytes);
    const run = async (port: number, helloTimeoutMs: number, read = readOn): Promise<unknown> => {
      const shipper = testShipper({
        port,
        source: { ...source, read },
        stateFolder: folder.in('state'),
        dial: { delivery: 'auto', helloTimeoutMs },
      });
      return shipper.run(neverStop()).catch((error: unknown) => error);
    };
    await writeFile(file, textOf(numbered(100)));
    expect(await run(receiver.port, 30_000)).toBeUndefined();
    await appendFile(file, textOf(numbered(1000, 101)));
    await using proxy = await lateAnswers(receiver.port);
    const pausing: Source['read'] = async function* (from, signal, maxBytes) {
      let isFirst = true;
      for await (const chunk of source.read(from, signal, maxBytes)) {
        yield chunk;
        if (!isFirst) continue;
        isFirst = false;
        await until('some are stored', () => receiver.ledger.stored > 100);
        proxy.release();
        await until('it has given up', () => signal.aborted);
      }
    };
    expect(await run(proxy.port, 100, pausing)).toMatchObject({
      code: 'receiver_went_back',
      message: expect.stringContaining('goes on from where the receiver stands') as string,
    });
    expect(await run(receiver.port, 30_000)).toBeUndefined();
    expect(await archivedLines(folder.in('data'), 'test-shipper')).toEqual(numbered(1100));
  });
});

test('a shipper with a token does not ship plain to a receiver that is late: it would be refused, and not know', async () => {
  await using folder = await temporaryFolder();
  await using state = await temporaryFolder();
  const access = { tokens: ['secret'], areIdsBound: false };
  await using receiver = await testReceiver(folder.path, { access });
  await using proxy = await lateAnswers(receiver.port);
  const shipper = testShipper({
    port: proxy.port,
    source: linesSource(numbered(12)),
    stateFolder: state.path,
    dial: { delivery: 'auto', helloTimeoutMs: 200, token: 'secret' },
  });
  const done = shipper.run(neverStop());
  done.catch(() => undefined);
  await until('it has tried again', () => proxy.connections > 1);
  proxy.release();
  await done;
  expect(await archivedLines(folder.path, 'test-shipper')).toEqual(numbered(12));
  expect(receiver.ledger.stored).toBe(12);
});
