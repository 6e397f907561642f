/** The workload `peers` at tiny size, with those programs that this machine has. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const MAIN = join(import.meta.dirname, '../../benchmark/main.ts');

const ALWAYS_THERE = ['Logferry gzip 1', 'Logferry zstd 1', 'Logferry generate', 'Python plain frames'];

const number = expect.any(Number) as number;
const spread = { median: number, min: number, max: number };

test('peers: what is there does its work and loses nothing, what is missing is skipped', async () => {
  await using folder = await temporaryFolder();
  const size = ['--rounds', '1', '--entries', '2000', '--seconds', '1'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', MAIN, 'peers', ...size, '--results', folder.path],
    { env: { ...process.env, TMPDIR: folder.path } },
  );
  const { rows } = JSON.parse(await readFile(folder.in('peers.json'), 'utf8')) as {
    rows: { alternative: string; skipped?: string }[];
  };
  expect(rows).toHaveLength(9);
  for (const { alternative, skipped, ...row } of rows) {
    expect(stdout).toMatch(new RegExp(`^\\| ${alternative} +\\|`, 'm'));
    if (skipped !== undefined) {
      console.warn(`${alternative} is not tested: it ${skipped}`);
      expect(ALWAYS_THERE).not.toContain(alternative);
      continue;
    }
    expect({ alternative, ...row }).toMatchObject({
      alternative,
      entriesPerSecond: spread,
      cpuSecondsPerMillion: { shipper: spread, receiver: spread, both: spread },
      peakBytes: { shipper: spread, receiver: spread },
      bytesPerEntry: { stored: spread },
      losses: { lost: 0, repeated: 0, damaged: 0 },
    });
  }
}, 180_000);
