import { expect, test } from 'vitest';
import type { DiskUsage } from '../../src/tools/disk.ts';
import { reportDisk } from '../../src/tools/disk_report.ts';
import { collectLogs } from '../helpers/logs.ts';
import { until } from '../helpers/until.ts';

const CSV = {
  ...{ name: 'csv', file: '/x/logs.csv', files: 1, bytes: 2048, entries: 7, malformed: 1 },
  ...{ behindBytes: 512, lost: 0, savedAt: '' },
};

const usage = (bytes: number): DiskUsage => ({
  ...{ segments: 1, bytes, days: [], kept: { damaged: 3, rejected: 4 }, outputs: [CSV] },
  ...{ retention: { maxBytes: 0, maxAgeMs: 0 }, freeBytes: 1024 },
});

test('what everything takes is told in a line, and again when it changed', async () => {
  const { log, lines } = collectLogs();
  let looks = 0;
  const stop = reportDisk(() => Promise.resolve(usage((looks += 1) < 5 ? 1024 : 4096)), log, 1);
  await until('both were told', () => lines.length === 2);
  const before = looks;
  await until('it looked again', () => looks > before + 2);
  stop();
  const outputs = { csv: { bytes: 2048, behindBytes: 512, entries: 7, malformed: 1, lost: 0 } };
  expect(lines).toMatchObject([
    {
      msg: '[METRIC] Disk used: archive 1.0 KiB in 1 segment, csv 2.0 KiB (512 B behind), free 1.0 KiB',
      ...{ archiveBytes: 1024, segments: 1, damagedBytes: 3, rejectedBytes: 4, freeBytes: 1024, outputs },
    },
    { archiveBytes: 4096 },
  ]);
});

test('a disk that can not be looked at is said, and looked at again', async () => {
  const { log, lines } = collectLogs();
  let looks = 0;
  const look = (): Promise<DiskUsage> =>
    (looks += 1) === 1 ? Promise.reject(new Error('gone')) : Promise.resolve(usage(1));
  const stop = reportDisk(look, log, 1);
  await until('it is well again', () => lines.length === 2);
  stop();
  expect(lines).toMatchObject([
    { msg: expect.stringContaining('gone') as string },
    { msg: expect.stringContaining('[METRIC]') as string },
  ]);
});
