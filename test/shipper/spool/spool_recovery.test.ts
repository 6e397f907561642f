import { copyFile, readFile, readdir, unlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { gapBatch, spoolFileName } from '../../../src/shipper/spool/spool_file.ts';
import { writeSpoolFile } from '../../../src/shipper/spool/spool_recovery.ts';
import { leave, openSpool, range, readEpoch, spoolBatch, spoolFiles } from '../../helpers/spools.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';

const FIRST = spoolFileName({ epoch: 1, first: 1 });
const RECORD_BYTES = 45;

/** The records 1 to 3 in one file, its bytes changed by `change`; what a new run finds. */
async function afterwards(folder: TemporaryFolder, change: (bytes: Buffer) => Buffer) {
  await leave(folder.path, 1, 3);
  const bytes = await readFile(folder.in(FIRST));
  expect(bytes.length).toBe(3 * RECORD_BYTES);
  await writeFile(folder.in(FIRST), change(bytes));
  const { spool, logs } = await openSpool(folder.path);
  const reading = await readEpoch(spool, 1);
  await spool.close();
  const { gaps, sequences } = reading;
  return { gaps, sequences, errors: logs.at('error') };
}

describe('a torn tail', () => {
  test('at any byte of the last record is cut, and the rest is there', async () => {
    for (let cut = 1; cut < RECORD_BYTES; cut += 1) {
      await using folder = await temporaryFolder();
      const { sequences, gaps, errors } = await afterwards(folder, (bytes) => bytes.subarray(0, -cut));
      expect({ cut, sequences, gaps }).toEqual({ cut, sequences: [1, 2], gaps: [] });
      expect(errors).toEqual([
        `spool: ${FIRST}: cut a record of ${RECORD_BYTES - cut} bytes that was not written whole`,
      ]);
      expect((await readdir(folder.path)).sort()).toEqual([FIRST]);
      expect((await readFile(folder.in(FIRST))).length).toBe(2 * RECORD_BYTES);
    }
  });

  test('of the only record leaves no file', async () => {
    await using folder = await temporaryFolder();
    const { sequences, gaps } = await afterwards(folder, (bytes) => bytes.subarray(0, 20));
    expect({ sequences, gaps }).toEqual({ sequences: [], gaps: [] });
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('a changed byte', () => {
  test.each([
    ['first', 0, [2, 3]],
    ['middle', 1, [1, 3]],
    ['last', 2, [1, 2]],
  ])(
    'anywhere in the %s record: set aside, reported, declared; the good records stay',
    async (_, record, others) => {
      for (let at = 0; at < RECORD_BYTES; at += 1) {
        await using folder = await temporaryFolder();
        let changed: Buffer = Buffer.alloc(0);
        const { sequences, gaps, errors } = await afterwards(folder, (bytes) => {
          bytes.writeUInt8(bytes.readUInt8(record * RECORD_BYTES + at) ^ 0x10, record * RECORD_BYTES + at);
          return (changed = bytes);
        });
        const isHeader = at < 4 || (at >= 8 && at < 13);
        const kept = isHeader ? range(1, record) : others;
        expect({ at, sequences }).toEqual({ at, sequences: kept });
        const missing = { from: record + 1, to: record + 1, entries: 0, reason: 'the spool was damaged' };
        expect(gaps).toEqual([missing]);
        expect(errors[0]).toContain(`damaged at byte ${record * RECORD_BYTES}`);
        expect((await readFile(folder.in(`${FIRST}.bad`))).equals(changed)).toBe(true);
      }
    },
  );

  test('in front of a later file: all numbers up to that are declared, durably', async () => {
    await using folder = await temporaryFolder();
    const options = { maxBytes: 800_000 };
    await leave(folder.path, 1, 30, { bytes: 20_000 }, options);
    const [first = '', second = '', third = ''] = await spoolFiles(folder.path);
    const next = Number(third.slice(2, 18));
    const bytes = await readFile(folder.in(second));
    const damaged = Number(second.slice(2, 18));
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    await writeFile(folder.in(second), bytes);
    for (let run = 0; run < 2; run += 1) {
      const { spool, logs } = await openSpool(folder.path, options);
      const { gaps, sequences } = await readEpoch(spool, 1);
      await spool.close();
      expect(gaps).toEqual([{ from: damaged, to: next - 1, entries: 0, reason: 'the spool was damaged' }]);
      expect(sequences).toEqual([...range(1, damaged - 1), ...range(next, 30)]);
      expect(logs.at('error')).toHaveLength(run === 0 ? 2 : 0);
    }
    expect(await spoolFiles(folder.path)).toContain(first);
  });

  test('twice keeps both damaged files', async () => {
    await using folder = await temporaryFolder();
    const spoil = (bytes: Buffer): Buffer => bytes.fill(0, 20, 24);
    await afterwards(folder, spoil);
    await writeFile(folder.in(FIRST), spoil(await readFile(folder.in(FIRST))));
    const { spool } = await openSpool(folder.path);
    expect((await readEpoch(spool, 1)).sequences).toEqual([2, 3]);
    await spool.close();
    expect((await readdir(folder.path)).filter((name) => name.includes('.bad')).sort()).toEqual([
      `${FIRST}.bad`,
      `${FIRST}.bad2`,
    ]);
  });
});

test('a file that vanished leaves a declared gap', async () => {
  await using folder = await temporaryFolder();
  await leave(folder.path, 1, 2);
  await using other = await temporaryFolder();
  const { spool: writer } = await openSpool(other.path);
  for (const sequence of range(6, 7)) await writer.append(await spoolBatch(sequence));
  await writer.close();
  const later = spoolFileName({ epoch: 1, first: 6 });
  await copyFile(other.in(later), folder.in(later));
  const { spool } = await openSpool(folder.path);
  const { gaps, sequences } = await readEpoch(spool, 1);
  expect(gaps).toMatchObject([{ from: 3, to: 5 }]);
  expect(sequences).toEqual([1, 2, 6, 7]);
  await spool.close();
});

describe('a crash while a file was replaced', () => {
  test('before the draft was whole: the file is as it was', async () => {
    await using folder = await temporaryFolder();
    await leave(folder.path, 1, 3);
    await writeFile(folder.in(`${FIRST}.new`), 'half');
    const { spool, logs } = await openSpool(folder.path);
    expect((await readEpoch(spool, 1)).sequences).toEqual([1, 2, 3]);
    await spool.close();
    expect(logs.at('error')).toEqual([]);
    expect(await readdir(folder.path)).toEqual([FIRST]);
  });

  test('when the old one was set aside: the draft takes its place', async () => {
    await using folder = await temporaryFolder();
    await leave(folder.path, 1, 3);
    await copyFile(folder.in(FIRST), folder.in(`${FIRST}.bad`));
    await writeFile(folder.in(`${FIRST}.new`), await readFile(folder.in(FIRST)));
    await unlink(folder.in(FIRST));
    const { spool } = await openSpool(folder.path);
    expect((await readEpoch(spool, 1)).sequences).toEqual([1, 2, 3]);
    await spool.close();
  });
});

test('other files are let be', async () => {
  await using folder = await temporaryFolder();
  await leave(folder.path, 1, 2);
  const names = ['shipper_id', '1_1.spool', 'notes.txt', `${FIRST}.bad`, 'notes.new'];
  for (const name of names) await writeFile(folder.in(name), 'mine');
  const { spool, logs } = await openSpool(folder.path);
  expect((await readEpoch(spool, 1)).sequences).toEqual([1, 2]);
  await spool.close();
  expect(logs.at('error')).toEqual([]);
  expect((await readdir(folder.path)).sort()).toEqual([...names, FIRST].sort());
});

test('a file that a gap before it covers (a crash when they became one) is removed', async () => {
  await using folder = await temporaryFolder();
  const gap = { from: 1, to: 3, entries: 3, reason: 'the spool was full' };
  await writeSpoolFile(folder.path, { epoch: 1, first: 1 }, [gapBatch(gap)]);
  await writeSpoolFile(folder.path, { epoch: 1, first: 2 }, [await spoolBatch(2), await spoolBatch(3)]);
  const { spool } = await openSpool(folder.path);
  const { gaps, sequences } = await readEpoch(spool, 1);
  await spool.close();
  expect({ gaps, sequences }).toEqual({ gaps: [gap], sequences: [] });
  expect(await spoolFiles(folder.path)).toEqual([FIRST]);
});
