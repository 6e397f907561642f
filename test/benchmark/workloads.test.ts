import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { BENCHMARK, benchmark, number, resultsOf, spread } from '../helpers/benchmarks.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const rates = {
  mbPerCpuSecond: spread,
  entriesPerCpuSecond: spread,
  mbPerSecond: spread,
  entriesPerSecond: spread,
};

test('codecs: each algorithm and level at each batch size', async () => {
  const { rows } = await resultsOf('codecs', '--entries', '2000');
  expect(rows).toHaveLength(12 * 3);
  expect(rows[0]).toMatchObject({
    alternative: 'none',
    batchEntries: 50,
    ratio: 1,
    compress: null,
    decompress: null,
  });
  for (const row of rows.filter(({ algorithm }) => algorithm !== 'none')) {
    expect(row).toMatchObject({ level: number, batchBytes: number, compress: rates, decompress: rates });
    expect(row.ratio).toBeGreaterThan(2);
  }
});

test('ship: a file by each variant, the archives verified, nothing left behind', async () => {
  const results = await resultsOf('ship', '--entries', '2000');
  expect(results.rows.map(({ alternative }) => alternative)).toEqual([
    'gzip 1',
    'gzip 6',
    'zlib 1',
    'zstd 1',
    'none',
  ]);
  for (const row of results.rows) {
    expect(row).toMatchObject({
      entries: 2000,
      entriesPerSecond: spread,
      wallSeconds: spread,
      cpuSecondsPerMillion: { shipper: spread, receiver: spread, both: spread },
      peakBytes: { shipper: spread, receiver: spread },
      wireBytes: spread,
      archiveBytes: spread,
      rounds: [
        { wallSeconds: number, shipperCpuSeconds: number, receiverCpuSeconds: number, batches: number },
      ],
    });
  }
  expect(results).toMatchObject({ startUp: { shipperCpuSeconds: spread, receiverCpuSeconds: spread } });
});

test('only what was asked for is measured', async () => {
  const { rows } = await resultsOf('codecs', '--entries', '500', '--only', 'gzip 1, zstd 3');
  expect(new Set(rows.map(({ alternative }) => alternative))).toEqual(new Set(['gzip 1', 'zstd 3']));
});

test.each([
  { args: ['nonsense'], says: "unknown command 'nonsense'" },
  { args: ['ship', '--entries', '0'], says: 'expected a whole number from 1' },
  { args: ['codecs', '--only', 'gzip 2'], says: 'there is no gzip 2' },
])('$args is told to be wrong, with exit code 2', async ({ args, says }) => {
  const { code, stderr } = await benchmark(...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) as string });
});

test('--help lists the workloads', async () => {
  const { code, stdout } = await benchmark('--help');
  expect(code).toBe(0);
  for (const name of ['all', 'codecs', 'ship', 'latency', 'plot'])
    expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'));
});

test('an interrupted run ends its processes and removes its files', async () => {
  await using folder = await temporaryFolder();
  const running = execFile(
    process.execPath,
    ['--import', 'tsx', BENCHMARK, 'ship', '--entries', '300000', '--results', folder.path],
    {
      env: { ...process.env, TMPDIR: folder.path },
    },
  );
  const ended = once(running, 'exit');
  await until(
    'the shipper runs',
    async () => (await commandLines()).includes(`client_main.js\0send\0${folder.path}`),
    60_000,
  );
  running.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect((await readdir(folder.path)).filter((name) => name.startsWith('logferry'))).toEqual([]);
  expect(await commandLines()).not.toContain(folder.path);
});

/** Of all processes. */
async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.join('\n');
}
