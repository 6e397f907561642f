import { readFile, stat, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { generator } from '../../../../src/shipper/sources/generator/generator.ts';
import {
  appendToFile,
  writeToStream,
  type LinesToWrite,
} from '../../../../src/shipper/sources/generator/write_lines.ts';
import { GENERATOR, NOW, generatedLines } from '../../../helpers/generated.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';
import { canMount, mountTmpfs } from '../../../helpers/tmpfs.ts';

const hasTmpfs = await canMount();

const HEADER = 'timestamp,level,service,host,message,user_id,session,request_id,ms,n\n';

const linesToWrite = (count: number, format: 'json' | 'csv' = 'json'): LinesToWrite => ({
  source: generator({ ...GENERATOR, count, format, isRaw: true, startMs: NOW }),
  format,
  signal: new AbortController().signal,
});

const textOf = async (count: number, format: 'json' | 'csv' = 'json'): Promise<string> =>
  `${(await generatedLines(count, { format, isRaw: true, startMs: NOW })).join('\n')}\n`;

describe('a file', () => {
  test('is made where there is none', async () => {
    await using folder = await temporaryFolder();
    expect(await appendToFile(linesToWrite(3000), folder.in('new.jsonl'))).toBe(3000);
    expect(await readFile(folder.in('new.jsonl'), 'utf8')).toBe(await textOf(3000));
  });

  test('is appended to, with one header', async () => {
    await using folder = await temporaryFolder();
    const path = folder.in('some.csv');
    await appendToFile(linesToWrite(5, 'csv'), path);
    await appendToFile(linesToWrite(7, 'csv'), path);
    const [first, second] = [await textOf(5, 'csv'), await textOf(7, 'csv')];
    expect(await readFile(path, 'utf8')).toBe(HEADER + first + second);
  });

  test('whose last line was not ended keeps it on a line of its own', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in('torn.jsonl'), '{"torn":');
    await appendToFile(linesToWrite(2), folder.in('torn.jsonl'));
    expect(await readFile(folder.in('torn.jsonl'), 'utf8')).toBe(`{"torn":\n${await textOf(2)}`);
  });

  test('that can not be written is an error', async () => {
    await using folder = await temporaryFolder();
    await expect(appendToFile(linesToWrite(2), folder.path)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(appendToFile(linesToWrite(2), '/dev/full')).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test.skipIf(!hasTmpfs)('on a disk that is full ends with a whole line', async () => {
    await using disk = await mountTmpfs(1);
    const path = disk.in('some.jsonl');
    await expect(appendToFile(linesToWrite(20_000), path)).rejects.toMatchObject({ code: 'ENOSPC' });
    const text = await readFile(path, 'utf8');
    expect((await stat(path)).size).toBeGreaterThan(500_000);
    expect(text.endsWith('}\n')).toBe(true);
    expect((await textOf(20_000)).startsWith(text)).toBe(true);
  });
});

describe('a stream', () => {
  /** Takes its time over each block. */
  const slow = (blocks: Buffer[], end: (count: number) => Error | null = () => null): Writable =>
    new Writable({
      write: (block: Buffer, _encoding, done) => {
        blocks.push(block);
        setImmediate(() => done(end(blocks.length)));
      },
    });

  test('gets all there is, at its own pace, a header first', async () => {
    const blocks: Buffer[] = [];
    expect(await writeToStream(linesToWrite(4000, 'csv'), slow(blocks))).toBe(4000);
    expect(Buffer.concat(blocks).toString()).toBe(HEADER + (await textOf(4000, 'csv')));
    for (const { length } of blocks) expect(length).toBeLessThanOrEqual(64 * 1024);
  });

  test('that nobody reads any more ends it, which is no error', async () => {
    const blocks: Buffer[] = [];
    const closed = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const output = slow(blocks, (count) => (count === 3 ? closed : null));
    const endless = { ...linesToWrite(0), source: generator({ ...GENERATOR, isRaw: true }) };
    expect(await writeToStream(endless, output)).toBeUndefined();
    expect(blocks).toHaveLength(3);
  });

  test('that fails otherwise is an error', async () => {
    const failed = Object.assign(new Error('write EIO'), { code: 'EIO' });
    await expect(
      writeToStream(
        linesToWrite(9),
        slow([], () => failed),
      ),
    ).rejects.toBe(failed);
  });
});
