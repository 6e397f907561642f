import { writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  encodeRecord,
  gapBatch,
  parseSpoolFileName,
  readRecord,
  recordAt,
  spoolFileName,
} from '../../../src/shipper/spool/spool_file.ts';
import { gapOf, spoolBatch } from '../../helpers/spools.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

/** Batch 7 of one entry `{"n":7}`, as docs/SPOOL.md shows it. */
const GOLDEN = [
  '66137b45', // CRC-32 of the frame header
  '42b494f1', // CRC-32 of the frame
  '0000002028', // frame header: 32 bytes, BATCH, not compressed
  '0000000000000007', // sequence
  '00000001', // entries
  '00000008', // raw bytes
  '81336d21', // CRC-32 of the raw bytes
  '00000000', // no source positions
  '7b226e223a377d0a', // {"n":7}\n
].join('');

test('a record is these bytes', async () => {
  const { bytes, record } = encodeRecord(await spoolBatch(7), 100);
  expect(bytes.toString('hex')).toBe(GOLDEN);
  expect(record).toEqual({ from: 7, sequence: 7, count: 1, lost: 0, offset: 108, length: 37 });
  const frame = bytes.subarray(8);
  expect([bytes.readUInt32BE(0), bytes.readUInt32BE(4)]).toEqual([crc32(frame.subarray(0, 5)), crc32(frame)]);
});

test('a record is read back as the batch it was', async () => {
  await using folder = await temporaryFolder();
  const batch = await spoolBatch(7, { count: 3, bytes: 100 });
  const { bytes, record } = encodeRecord(batch, 0);
  await writeFile(folder.in('a'), bytes);
  const again = await readRecord(folder.in('a'), record);
  expect({ ...again, isOwned: false }).toEqual(batch);
});

test('a gap is read back as the gap it was', async () => {
  await using folder = await temporaryFolder();
  const gap = { from: 3, to: 9, entries: 70, reason: 'because' };
  const { bytes, record } = encodeRecord(gapBatch(gap), 0);
  expect(record).toMatchObject({ from: 3, sequence: 9, count: 0, lost: 70 });
  await writeFile(folder.in('a'), bytes);
  const again = await readRecord(folder.in('a'), record);
  expect(again).toMatchObject({ gapFrom: 3, sequence: 9, count: 0 });
  expect(gapOf(again)).toEqual(gap);
});

test('a file that became shorter is an error', async () => {
  await using folder = await temporaryFolder();
  const { bytes, record } = encodeRecord(await spoolBatch(7), 0);
  await writeFile(folder.in('a'), bytes.subarray(0, -1));
  await expect(readRecord(folder.in('a'), record)).rejects.toThrow('became shorter');
});

test('a record cut at any byte is torn', async () => {
  const { bytes } = encodeRecord(await spoolBatch(7), 0);
  for (let length = 0; length < bytes.length; length += 1)
    expect(recordAt(bytes.subarray(0, length), 0)).toBe('torn');
});

test('a record with any byte changed is damaged, and never torn', async () => {
  const { bytes } = encodeRecord(await spoolBatch(7), 0);
  for (let at = 0; at < bytes.length; at += 1) {
    for (const bit of [0x01, 0x80]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
      const isHeader = at < 4 || (at >= 8 && at < 13);
      expect(recordAt(changed, 0)).toEqual(
        isHeader
          ? { problem: 'the checksum of a header does not match' }
          : { problem: 'a checksum does not match', next: bytes.length },
      );
    }
  }
});

test('a frame that is sound and no batch is damage', () => {
  const frame = Buffer.from([0, 0, 0, 2, 0x08, 0x5b, 0x5d]);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(crc32(frame.subarray(0, 5)), 0);
  head.writeUInt32BE(crc32(frame), 4);
  expect(recordAt(Buffer.concat([head, frame]), 0)).toEqual({
    problem: 'neither a batch nor a gap',
    next: 15,
  });
});

test('a name sorts as its numbers do and is parsed again', () => {
  const name = spoolFileName({ epoch: 1700000000000, first: 42 });
  expect(name).toBe('1700000000000_0000000000000042.spool');
  expect(parseSpoolFileName(name)).toEqual({ epoch: 1700000000000, first: 42 });
});

test.each([
  '1_0000000000000001.spool.bad',
  '1_0000000000000001.spool.new',
  '1_1.spool',
  'x_0000000000000001.spool',
  '1_0000000000000000.spool',
  '1_9999999999999999.spool',
  '99999999999999999999_0000000000000001.spool',
  'shipper_id',
  'lock.sock',
  '',
])('the name %j is not one of a spool file', (name) => {
  expect(parseSpoolFileName(name)).toBeUndefined();
});
