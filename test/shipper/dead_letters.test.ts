import { readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DeadLetters } from '../../src/shipper/dead_letters.ts';
import { encodeBatch } from '../../src/shipper/encode.ts';
import { collectLogs } from '../helpers/logs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const RAW = '{"a":1.0}\n{"b":"😀"}\n';
const REJECT = { sequence: 9, code: 'crc_mismatch', reason: 'it differs' } as const;
const batchOf = (mode: 'acked' | 'plain') =>
  encodeBatch({ sequence: 9, count: 2, raw: Buffer.from(RAW), positions: {} }, mode, {
    algorithm: 'gzip',
    level: 6,
    bypassBelow: 0,
  });

test.each(['acked', 'plain'] as const)(
  'a batch (%s) is kept as the entries it held, beside why it was rejected',
  async (mode) => {
    await using folder = await temporaryFolder();
    const { log, lines } = collectLogs();
    await new DeadLetters(folder.path, 'host:app', log).keep(7, await batchOf(mode), REJECT);
    const path = folder.in('dead-letter', 'host_app', '7-9');
    expect(await readFile(`${path}.ndjson`, 'utf8')).toBe(RAW);
    expect(JSON.parse(await readFile(`${path}.json`, 'utf8'))).toEqual({ epoch: 7, count: 2, ...REJECT });
    expect(lines).toMatchObject([
      { level: 50, sequence: 9, code: 'crc_mismatch', entries: 2, path: `${path}.ndjson` },
    ]);
  },
);

test('others than their owner can not read them', async () => {
  await using folder = await temporaryFolder();
  await new DeadLetters(folder.path, 'a', collectLogs().log).keep(7, await batchOf('acked'), REJECT);
  expect((await stat(folder.in('dead-letter', 'a'))).mode & 0o077).toBe(0);
  expect((await stat(folder.in('dead-letter', 'a', '7-9.ndjson'))).mode & 0o077).toBe(0);
});

test('`settled` waits for what is being written, and survives what can not be', async () => {
  await using folder = await temporaryFolder();
  const letters = new DeadLetters(folder.path, 'a', collectLogs().log);
  let isKept = false;
  void letters.keep(7, await batchOf('acked'), REJECT).then(() => (isKept = true));
  await letters.settled();
  await Promise.resolve();
  expect(isKept).toBe(true);

  await writeFile(folder.in('file'), '');
  const nowhere = new DeadLetters(folder.in('file'), 'a', collectLogs().log);
  const keeping = nowhere.keep(7, await batchOf('acked'), REJECT);
  keeping.catch(() => undefined);
  await nowhere.settled();
  await expect(keeping).rejects.toThrow('ENOTDIR');
});
