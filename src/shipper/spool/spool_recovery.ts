/**
 * What an earlier run left in a spool, made fit to be sent: numbers of an epoch follow each other without a hole, or the
 * receiver would refuse what comes behind it. A torn tail is cut: it was never sent from here. A file with damage is set
 * aside as `.bad`; its good records stay, and a GAP stands where others are missing.
 */
import { mkdir, open, readFile, readdir, rename, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../base/atomic_file.ts';
import { lockFolder } from '../../base/folder_lock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Encoded } from '../encode.ts';
import { ShipperError } from '../shipper_error.ts';
import {
  RECORD_HEAD_BYTES,
  encodeRecord,
  gapBatch,
  parseSpoolFileName,
  recordAt,
  spoolFileName,
  type SpoolFile,
  type SpoolFileName,
  type SpoolRecord,
} from './spool_file.ts';

const DRAFT = '.new';

/** Locks the spool in `folder` and recovers it; `lastEpoch` is 0 where there was none. Throws ShipperError `closed` where another process has it. */
export async function takeSpool(
  folder: string,
  log: Logger,
): Promise<{ files: SpoolFile[]; lastEpoch: number; unlock: () => Promise<void> }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(folder);
  if (unlock === undefined)
    throw new ShipperError('closed', `the spool ${folder} is in use by another shipper`);
  try {
    return { ...(await recoverSpool(folder, log)), unlock };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** The files in `folder`, in the order of their numbers, without a hole in any epoch. What was wrong is logged. */
async function recoverSpool(folder: string, log: Logger) {
  await finishDrafts(folder);
  const names = (await readdir(folder)).flatMap((name) => parseSpoolFileName(name) ?? []);
  names.sort((a, b) => a.epoch - b.epoch || a.first - b.first);
  const files: SpoolFile[] = [];
  const lost = async (epoch: number, first: number, to: number): Promise<void> => {
    if (to < first) return;
    log.error(
      { folder, epoch, from: first, to },
      `spool: batches ${first} to ${to} of an earlier run are lost`,
    );
    files.push(await writeSpoolFile(folder, { epoch, first }, [damageGap(first, to)]));
  };
  let line = { epoch: 0, next: 0, damaged: 0 };
  for (const name of names) {
    const { records, bytes, damaged, finding } = await scanSpoolFile(folder, name);
    if (finding !== undefined) log.error({ folder }, `spool: ${finding}`);
    if (name.epoch !== line.epoch) {
      await lost(line.epoch, line.next, line.next + line.damaged - 1);
      line = { epoch: name.epoch, next: name.first, damaged: 0 };
    }
    const path = join(folder, spoolFileName(name));
    const [first, last] = [records[0], records.at(-1)];
    if (first === undefined || last === undefined || last.sequence < line.next) await unlink(path);
    else {
      await lost(name.epoch, line.next, first.from - 1);
      files.push({ ...name, path, records, bytes, given: 0, state: 'free' });
    }
    line = { ...line, next: Math.max(line.next, (last?.sequence ?? 0) + 1), damaged };
  }
  await lost(line.epoch, line.next, line.next + line.damaged - 1);
  if (names.length > 0) await syncFolder(folder);
  return { files, lastEpoch: line.epoch };
}

/** Writes a file of these batches in the place of what has its name, if anything: the old or the new is found, whole. */
export async function writeSpoolFile(
  folder: string,
  name: SpoolFileName,
  batches: readonly Encoded[],
): Promise<SpoolFile> {
  const path = join(folder, spoolFileName(name));
  const records: SpoolRecord[] = [];
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (const batch of batches) {
    const encoded = encodeRecord(batch, bytes);
    records.push(encoded.record);
    pieces.push(encoded.bytes);
    bytes += encoded.bytes.length;
  }
  await writeWhole(`${path}${DRAFT}`, pieces);
  await rename(`${path}${DRAFT}`, path);
  return { ...name, path, records, bytes, given: 0, state: 'free' };
}

/** What a file holds, and what was wrong with it. */
interface Scanned {
  readonly records: SpoolRecord[];
  readonly bytes: number;
  /** Damaged records behind the last good one, as far as can be told. */
  readonly damaged: number;
  readonly finding?: string;
}

async function scanSpoolFile(folder: string, name: SpoolFileName): Promise<Scanned> {
  const path = join(folder, spoolFileName(name));
  const bytes = await readFile(path);
  const { records, end, damaged, problem } = recordsIn(bytes);
  if (problem !== undefined) {
    const kept = await setAside(path, bytes, records, name.first);
    const finding = `${spoolFileName(name)}: ${problem}; set aside as .bad, ${records.length} good records kept`;
    return { ...kept, damaged, finding };
  }
  if (end === bytes.length) return { records, bytes: end, damaged };
  await truncate(path, end);
  const finding = `${spoolFileName(name)}: cut a record of ${bytes.length - end} bytes that was not written whole`;
  return { records, bytes: end, damaged, finding };
}

/** The good records of a file, where the last whole one ends, and the first problem. */
function recordsIn(bytes: Buffer) {
  const records: SpoolRecord[] = [];
  let damaged = 0;
  let problem: string | undefined;
  let at = 0;
  while (at < bytes.length) {
    const found = recordAt(bytes, at);
    if (found === 'torn') break;
    if ('record' in found) {
      records.push(found.record);
      damaged = 0;
      at = found.record.offset + found.record.length;
      continue;
    }
    damaged += 1;
    problem ??= `damaged at byte ${at} (${found.problem})`;
    if (found.next === undefined) break;
    at = found.next;
  }
  return { records, end: at, damaged, problem };
}

/** Keeps the damaged file as `.bad` and puts its good records, with GAPs between them, in its place. */
async function setAside(
  path: string,
  bytes: Buffer,
  records: readonly SpoolRecord[],
  first: number,
): Promise<{ records: SpoolRecord[]; bytes: number }> {
  const pieces: Buffer[] = [];
  const kept: SpoolRecord[] = [];
  let end = 0;
  const keep = (piece: Buffer, record: SpoolRecord): void => {
    kept.push({ ...record, offset: end + RECORD_HEAD_BYTES });
    pieces.push(piece);
    end += piece.length;
  };
  let next = first;
  for (const record of records) {
    if (record.from > next) {
      const gap = encodeRecord(damageGap(next, record.from - 1), 0);
      keep(gap.bytes, gap.record);
    }
    keep(bytes.subarray(record.offset - RECORD_HEAD_BYTES, record.offset + record.length), record);
    next = record.sequence + 1;
  }
  await writeWhole(`${path}${DRAFT}`, pieces);
  await rename(path, await unusedName(`${path}.bad`));
  await rename(`${path}${DRAFT}`, path);
  return { records: kept, bytes: end };
}

/** How many entries were in them is not known. */
const damageGap = (from: number, to: number): Encoded =>
  gapBatch({ from, to, entries: 0, reason: 'the spool was damaged' });

/** A draft whose file is gone was whole when that was set aside; any other was not finished. */
async function finishDrafts(folder: string): Promise<void> {
  const names = new Set(await readdir(folder));
  for (const draft of names) {
    const name = draft.slice(0, -DRAFT.length);
    if (!draft.endsWith(DRAFT) || parseSpoolFileName(name) === undefined) continue;
    if (names.has(name)) await unlink(join(folder, draft));
    else await rename(join(folder, draft), join(folder, name));
  }
}

async function unusedName(path: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? path : `${path}${n}`;
    try {
      await (await open(name, 'r')).close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return name;
      throw error;
    }
  }
}

async function writeWhole(path: string, pieces: readonly Buffer[]): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(Buffer.concat(pieces));
  await file.sync();
}
