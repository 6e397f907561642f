import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { DeadLetters } from '../../../src/shipper/dead_letters/dead_letters.ts';
import { readDeadLetters } from '../../../src/shipper/dead_letters/list.ts';
import { encodeBatch } from '../../../src/shipper/encode.ts';
import { collectLogs } from '../../helpers/logs.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

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
    const path = folder.in('dead-letter', 'host+app', '7-9');
    expect(await readFile(`${path}.ndjson`, 'utf8')).toBe(RAW);
    expect(JSON.parse(await readFile(`${path}.json`, 'utf8'))).toEqual({
      ...{ shipper: 'host:app', epoch: 7, count: 2 },
      ...REJECT,
    });
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

test('what the disk does not take is told', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('file'), '');
  const nowhere = new DeadLetters(folder.in('file'), 'a', collectLogs().log);
  await expect(nowhere.keep(7, await batchOf('acked'), REJECT)).rejects.toThrow('ENOTDIR');
});

test('shippers whose names look alike have folders of their own', async () => {
  await using folder = await temporaryFolder();
  for (const id of ['a:b', 'a_b', 'a-b', `a${':'.repeat(127)}`])
    await new DeadLetters(folder.path, id, collectLogs().log).keep(7, await batchOf('acked'), REJECT);
  expect(await readdir(folder.in('dead-letter'))).toHaveLength(4);
  const shippers = (await readDeadLetters(folder.path)).map(({ shipper }) => shipper);
  expect(shippers.sort()).toEqual(['a-b', `a${':'.repeat(127)}`, 'a:b', 'a_b'].sort());
});

test('the reason is on disk before the entries are: a letter that is there has it', async () => {
  await using folder = await temporaryFolder();
  const { log } = collectLogs();
  await mkdir(folder.in('dead-letter', 'a', '7-9.ndjson.new'), { recursive: true });
  await expect(
    new DeadLetters(folder.path, 'a', log).keep(7, await batchOf('acked'), REJECT),
  ).rejects.toThrow('EISDIR');
  expect(await readFile(folder.in('dead-letter', 'a', '7-9.json'), 'utf8')).toContain('crc_mismatch');
  expect(await readDeadLetters(folder.path)).toEqual([]);
});

describe('a number that was rejected before', () => {
  test('with the same entries: they are kept once', async () => {
    await using folder = await temporaryFolder();
    const letters = new DeadLetters(folder.path, 'a', collectLogs().log);
    await letters.keep(7, await batchOf('acked'), REJECT);
    await letters.keep(7, await batchOf('acked'), REJECT);
    expect(await readdir(folder.in('dead-letter', 'a'))).toEqual(['7-9.json', '7-9.ndjson']);
  });

  test.each(['7-9.ndjson', '7-9.2.ndjson'])(
    'with other entries (%s): the earlier letter stays as it is',
    async (earlier) => {
      await using folder = await temporaryFolder();
      const letters = new DeadLetters(folder.path, 'a', collectLogs().log);
      const inFolder = (name: string): string => folder.in('dead-letter', 'a', name);
      await mkdir(inFolder('.'), { recursive: true });
      await writeFile(inFolder(earlier), '{"earlier":1}\n');
      await letters.keep(7, await batchOf('acked'), REJECT);
      expect(await readFile(inFolder(earlier), 'utf8')).toBe('{"earlier":1}\n');
      expect(await readFile(inFolder('7-9-2.ndjson'), 'utf8')).toBe(RAW);
      const names = (await readDeadLetters(folder.path)).map(({ name }) => `${name}.ndjson`);
      expect(names.sort()).toEqual(['7-9-2.ndjson', earlier].sort());
    },
  );
});
