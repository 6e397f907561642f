/**
 * `logs_YYYYMMDD_HHMMSS.jsonl.gz`, in UTC; a later one in the same second gets `_001`, `_002` and so on.
 * Names in order are segments in order: a clock that went back does not make a name older than the last.
 */
import { readdir } from 'node:fs/promises';
import { FORMATS, type FormatName, type SegmentFormat } from './format.ts';

export interface SegmentName {
  readonly name: string;
  /** YYYYMMDD_HHMMSS */
  readonly stamp: string;
  readonly ordinal: number;
  readonly format: SegmentFormat;
}

const PATTERN = /^logs_(\d{8}_\d{6})(?:_(\d{3,}))?(\.jsonl\.(?:gz|zst))$/;

/** The parts of a segment's file name, or undefined for any other file. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = PATTERN.exec(name);
  if (match === null) return undefined;
  const [, stamp = '', ordinal = '0', extension] = match;
  const format = Object.values(FORMATS).find((known) => known.extension === extension);
  return format === undefined ? undefined : { name, stamp, ordinal: Number(ordinal), format };
}

/** The name for a segment begun at `nowMs`, after `last`. */
export function nextSegmentName(
  nowMs: number,
  formatName: FormatName,
  last: SegmentName | undefined,
): SegmentName {
  const now = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
  const isLater = last === undefined || now > last.stamp;
  const stamp = isLater ? now : last.stamp;
  const ordinal = isLater ? 0 : last.ordinal + 1;
  const format = FORMATS[formatName];
  const suffix = ordinal === 0 ? '' : `_${String(ordinal).padStart(3, '0')}`;
  return { name: `logs_${stamp}${suffix}${format.extension}`, stamp, ordinal, format };
}

/** The segments of a folder, oldest first. Throws what readdir throws. */
export async function listSegments(folder: string): Promise<SegmentName[]> {
  const names = await readdir(folder);
  return names
    .map(parseSegmentName)
    .filter((segment) => segment !== undefined)
    .sort(compareSegments);
}

/** Oldest first. */
export function compareSegments(a: SegmentName, b: SegmentName): number {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? -1 : 1;
  return a.ordinal - b.ordinal;
}
