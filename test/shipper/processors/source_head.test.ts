import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sourceHead } from '../../../src/shipper/processors/source_head.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

test('the whole lines a file begins with', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('a'), 'one\ntwo\nthr');
  expect(sourceHead(folder.in('a'))).toBe('one\ntwo\n');
  await writeFile(folder.in('long'), `${'x'.repeat(1000)}\n`.repeat(200));
  expect(sourceHead(folder.in('long'))).toBe(`${'x'.repeat(1000)}\n`.repeat(65));
});

test('of a packed file, those in it', async () => {
  await using folder = await temporaryFolder();
  const packed = gzipSync(Array.from({ length: 100_000 }, (_, index) => `line ${index * 7919}\n`).join(''));
  await writeFile(folder.in('a.gz'), packed);
  expect(sourceHead(folder.in('a.gz'))).toMatch(/^line 0\nline 7919\n(?:line \d+\n)+$/);
  await writeFile(folder.in('zeros.gz'), gzipSync(Buffer.alloc(100_000_000)));
  expect(sourceHead(folder.in('zeros.gz'))).toBe('');
});

test.each(['pipe', '/nonexistent/file', '/'])('nothing for %s', (name) => {
  expect(sourceHead(name)).toBe('');
});
