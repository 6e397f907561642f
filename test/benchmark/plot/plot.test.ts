import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { plot } from '../../../benchmark/plot/plot.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';

const machine = { cpu: 'A & B <CPU>', cores: 2, node: '24.0.0', commit: 'abc1234' };
const spread = (median: number) => ({ median, min: median - 0.1, max: median + 0.1 });
const cpu = (shipper: number, receiver: number) => ({
  cpuSecondsPerMillion: {
    shipper: spread(shipper),
    receiver: spread(receiver),
    both: spread(shipper + receiver),
  },
});

async function keep(folder: TemporaryFolder, workload: string, rows: object[]): Promise<void> {
  const results = { workload, at: '2026-11-21T10:00:00.000Z', machine, rows };
  await writeFile(folder.in(`${workload}.json`), JSON.stringify(results));
}

/** Names of elements opened and not closed: an image has none. */
function unclosed(svg: string): string[] {
  const open: string[] = [];
  for (const [, isEnd, name = '', isEmpty] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (isEnd === '/') expect(open.pop()).toBe(name);
    else if (isEmpty !== '/') open.push(name);
  }
  return open;
}

test('a figure is drawn of each workload that was run', async () => {
  await using folder = await temporaryFolder();
  await keep(folder, 'ship', [
    { alternative: 'gzip 1', ...cpu(2, 1) },
    { alternative: 'zstd 1', ...cpu(1, 0.5) },
  ]);
  await keep(folder, 'scale', [
    { alternative: 'entries', of: 100_000, ...cpu(1.5, 0.7) },
    { alternative: 'entries', of: 1_000_000, ...cpu(1.52, 0.71) },
    { alternative: 'connections', of: 1000, ...cpu(1.6, 0.8) },
  ]);
  const paths = await plot(folder.path, folder.in('figures'));
  expect(paths.map((path) => basename(path))).toEqual([
    'ship.svg',
    'scale_entries.svg',
    'scale_connections.svg',
  ]);
  const [ship = '', entries = ''] = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  for (const svg of [ship, entries]) {
    expect(unclosed(svg)).toEqual([]);
    expect(svg).toContain('2026-11-21, commit abc1234, A &amp; B &lt;CPU&gt;, 2 cores, Node 24.0.0');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
  for (const words of ['gzip 1', 'zstd 1', '3.00 (2.90..3.10)', 'shipper', 'receiver'])
    expect(ship).toContain(`>${words}</text>`);
  for (const words of ['100,000', '1,000,000', '1.52', '0.71', 'entries'])
    expect(entries).toContain(`>${words}</text>`);
});

test('the bars are as long as what they stand for', async () => {
  await using folder = await temporaryFolder();
  await keep(folder, 'ship', [
    { alternative: 'a', ...cpu(3, 1.5) },
    { alternative: 'b', ...cpu(1, 0.5) },
  ]);
  const [path = ''] = await plot(folder.path, folder.path);
  const widths = [...(await readFile(path, 'utf8')).matchAll(/<rect class="shipper".* width="([\d.]+)"/g)];
  const [, a, b] = widths.map(([, width]) => Number(width));
  expect((a ?? 0) / (b ?? 1)).toBeCloseTo(3, 1);
});

test('of peers, those that are there and shipped the file', async () => {
  await using folder = await temporaryFolder();
  await keep(folder, 'peers', [
    { work: 'file', alternative: 'Logferry', ...cpu(1, 1) },
    { work: 'file', alternative: 'absent', skipped: 'is not installed' },
    { work: 'entries', alternative: 'other work', ...cpu(1, 1) },
  ]);
  const [path = ''] = await plot(folder.path, folder.path);
  const svg = await readFile(path, 'utf8');
  expect(svg).toContain('>Logferry</text>');
  expect(svg).not.toContain('absent');
  expect(svg).not.toContain('other work');
});

test('where nothing was run that is said', async () => {
  await using folder = await temporaryFolder();
  await expect(plot(folder.path, folder.path)).rejects.toThrow(
    'has no results to draw: run a workload first',
  );
});
