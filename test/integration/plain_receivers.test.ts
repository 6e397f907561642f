/** Our shipper, the original protocol: against a receiver that was written from its description alone. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { collectLogs } from '../helpers/logs.ts';
import { hasPython, startPlainReceiver, startProgram } from '../helpers/processes.ts';
import { linesSource, neverStop, numbered, pacedSource, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const HELLO_FLAGS = 0x08;
const AS_SENT = [
  '{"n":1.0,"big":12345678901234567890,"huge":1e400}',
  '{ "b":[{}], "a" : "}\\"{", "ключ":"😀" }',
  '{}',
];

describe.skipIf(!hasPython())('our shipper ships to a receiver of the original protocol', () => {
  test.each([
    ['gzip', 'auto', 'gzip', 0x03, []],
    ['zlib', 'auto', 'zlib', 0x05, []],
    ['nothing', 'auto', 'none', 0x00, []],
    ['gzip, read byte by byte,', 'auto', 'gzip', 0x03, ['--trickle']],
    ['zlib, read byte by byte,', 'auto', 'zlib', 0x05, ['--trickle']],
    ['nothing, read byte by byte,', 'auto', 'none', 0x00, ['--trickle']],
    ['zstd, which becomes gzip,', 'auto', 'zstd', 0x03, []],
    ['gzip', 'plain', 'gzip', 0x03, []],
    ['zlib', 'plain', 'zlib', 0x05, []],
    ['nothing', 'plain', 'none', 0x00, []],
    ['zstd, which becomes gzip,', 'plain', 'zstd', 0x03, []],
  ] as const)('compressed with %s under DELIVERY=%s', async (_, delivery, algorithm, flags, how) => {
    await using folder = await temporaryFolder();
    await using receiver = await startPlainReceiver(folder.in('entries'), ...how);
    const { log, at } = collectLogs();
    const lines = [...AS_SENT, ...numbered(300)];
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(lines),
      stateFolder: folder.in('state'),
      compression: { algorithm, level: 6, bypassBelow: 0 },
      dial: { delivery, helloTimeoutMs: 100 },
      log,
    });
    await shipper.run(neverStop());
    await until('the receiver saw the end', () => receiver.process.stdout.includes('closed'));
    expect(await linesIn(folder.in('entries'))).toEqual(lines);
    const [first, ...others] = receiver.flags();
    expect(first).toBe(delivery === 'plain' ? flags : HELLO_FLAGS);
    expect(new Set(others)).toEqual(new Set([flags]));
    expect(at('warn')).toEqual(delivery === 'plain' ? [] : [expect.stringContaining('DOES NOT ACKNOWLEDGE')]);
    expect(shipper.counts).toMatchObject({ read: lines.length, acknowledged: lines.length, rejected: 0 });
  });

  test('with DELIVERY=acked it gives up, and says why', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await startPlainReceiver(folder.in('entries'));
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(numbered(10)),
      stateFolder: folder.in('state'),
      dial: { delivery: 'acked', helloTimeoutMs: 50 },
    });
    await expect(shipper.run(neverStop())).rejects.toMatchObject({
      code: 'plain_receiver',
      message: expect.stringContaining('HELLO_TIMEOUT') as string,
    });
    expect(await linesIn(folder.in('entries'))).toEqual([]);
  });

  test('one that closes after some frames is connected to again, and warned of once', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await startPlainReceiver(folder.in('entries'), '--close-after', '3');
    const { log, at } = collectLogs();
    const source = pacedSource(numbered(8), async (sent) => {
      const before = shipper.counts.connections;
      await until('the receiver has it or has closed', async () => {
        const isThere = (await linesIn(folder.in('entries'))).length >= sent;
        return isThere || shipper.counts.connections > before;
      });
    });
    const shipper = testShipper({
      ...{ port: receiver.port, source, stateFolder: folder.in('state'), log },
      batcher: { size: 1, intervalMs: 10, maxBytes: 64 * 1024 },
      dial: { helloTimeoutMs: 100 },
    });
    await expect(shipper.run(neverStop())).rejects.toMatchObject({ code: 'in_doubt' });
    expect(shipper.counts.connections).toBeGreaterThan(1);
    expect(at('warn').filter((line) => line.includes('DOES NOT ACKNOWLEDGE'))).toHaveLength(1);
  });

  test('a slow one is waited for, and gets everything in order', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await startPlainReceiver(folder.in('entries'), '--slow', '0.02');
    const lines = numbered(60_000);
    const shipper = testShipper({
      port: receiver.port,
      source: linesSource(lines, 500),
      stateFolder: folder.in('state'),
      compression: { algorithm: 'none', level: 6, bypassBelow: 0 },
      dial: { delivery: 'plain' },
      closeTimeoutMs: 30_000,
    });
    await shipper.run(neverStop());
    expect(await linesIn(folder.in('entries'))).toEqual(lines);
  });
});

describe.skipIf(!hasPython())('client_main.ts ships to a receiver of the original protocol', () => {
  test.each([
    ['gzip', 'auto', 0x03],
    ['zlib', 'auto', 0x05],
    ['zstd', 'auto', 0x03],
    ['gzip', 'plain', 0x03],
    ['none', 'plain', 0x00],
  ])('compression %s, DELIVERY=%s: exit code 0, every entry once', async (algorithm, delivery, flags) => {
    await using folder = await temporaryFolder();
    await using receiver = await startPlainReceiver(folder.in('entries'));
    const lines = [...AS_SENT, ...numbered(2000)];
    await writeFile(folder.in('app.log'), `${lines.join('\n')}\n`);
    await using client = startProgram('client_main.ts', ['send', folder.in('app.log')], {
      ...{ SERVER_HOST: '127.0.0.1', SERVER_PORT: String(receiver.port), STATE_DIR: folder.in('state') },
      ...{ DELIVERY: delivery, HELLO_TIMEOUT: '0.2', BATCH_MAX_BYTES: '4KiB' },
      ...(algorithm === 'none' ? { COMPRESSION_ENABLED: 'false' } : { COMPRESSION_ALGORITHM: algorithm }),
    });
    expect(await client.exited, client.stderr).toBe(0);
    expect(await linesIn(folder.in('entries'))).toEqual(lines);
    const isGreeted = delivery === 'auto';
    expect(receiver.flags().includes(HELLO_FLAGS)).toBe(isGreeted);
    expect(receiver.flags().filter((byte) => byte !== HELLO_FLAGS && byte !== flags)).toEqual([]);
    expect(client.stderr.split('DOES NOT ACKNOWLEDGE')).toHaveLength(isGreeted ? 2 : 1);
  });

  test('DELIVERY=acked: exit code 1, and nothing was sent but HELLO', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await startPlainReceiver(folder.in('entries'));
    await writeFile(folder.in('app.log'), '{"n":1}\n');
    await using client = startProgram('client_main.ts', ['send', folder.in('app.log')], {
      ...{ SERVER_HOST: '127.0.0.1', SERVER_PORT: String(receiver.port), STATE_DIR: folder.in('state') },
      ...{ DELIVERY: 'acked', HELLO_TIMEOUT: '0.1' },
    });
    expect(await client.exited).toBe(1);
    expect(client.stderr).toContain('DELIVERY=acked');
    expect(new Set(receiver.flags())).toEqual(new Set([HELLO_FLAGS]));
    expect(await linesIn(folder.in('entries'))).toEqual([]);
  });
});

async function linesIn(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}
