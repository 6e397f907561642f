import { describe, expect, test } from 'vitest';
import type { StoredBlock } from '../../src/archive/block_reader.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { filterOf, keyOf } from '../../src/dashboard/entry_filter.ts';
import { Sampler, chooseBlocks, lastLines } from '../../src/dashboard/sampler.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { linesSource, neverStop, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ANY = filterOf(new URLSearchParams());
const ERRORS = filterOf(new URLSearchParams('level=ERROR'));

const lines = (count: number, members: object = {}): string[] =>
  Array.from({ length: count }, (_, n) => JSON.stringify({ level: 'INFO', service: 'web', n, ...members }));

describe('what comes', () => {
  test('is seen once, over segments, by each filter that wants it', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.in('data'), { archive: { segmentMaxBytes: 500 } });
    const ship = (some: string[]): Promise<void> =>
      testShipper({ port: receiver.port, source: linesSource(some), stateFolder: folder.in('state') }).run(
        neverStop(),
      );
    const sampler = new Sampler(folder.in('data'));
    const seen = new Map([ANY, ERRORS].map((filter) => [keyOf(filter), 0]));
    const look = async (): Promise<void> => {
      for (const { key, events } of await sampler.moment([ANY, ERRORS])) {
        const { entries, left } = JSON.parse(events.slice(events.indexOf('{'))) as {
          entries: unknown[];
          left: number;
        };
        seen.set(key, (seen.get(key) ?? 0) + entries.length + left);
      }
    };
    await ship(lines(1));
    await until('the first is seen', async () => (await look(), seen.get(keyOf(ANY)) === 1));
    for (let round = 1; round <= 6; round += 1) {
      await ship([...lines(9), ...lines(1, { level: 'ERROR' })]);
      await until(
        'all of it is seen',
        async () => (await look(), (seen.get(keyOf(ANY)) ?? 0) >= 1 + round * 10),
      );
    }
    expect([...seen.values()]).toEqual([61, 6]);
    expect((await listSegments(folder.in('data'))).length).toBeGreaterThan(2);
    expect(sampler.insight.last().reduce((sum, { sampled }) => sum + sampled, 0)).toBe(61);
    expect(sampler.latest(ANY).length).toBe(61);
    expect(sampler.latest(ERRORS).length).toBe(6);
  });
});

const block = (rawLength: number, count = 10): StoredBlock =>
  ({ header: { rawLength, count } }) as StoredBlock;

describe('a sample', () => {
  test('is all there is where that is little', () => {
    const blocks = [block(1000), block(2000), block(3000)];
    expect(chooseBlocks(blocks)).toEqual(blocks.map((one) => ({ block: one, lines: 10 })));
    expect(chooseBlocks([])).toEqual([]);
  });

  test('is of the newest blocks, and bounded in lines', () => {
    const blocks = Array.from({ length: 100 }, (_, n) => block(1000 + n, 200));
    expect(chooseBlocks(blocks)).toEqual([
      { block: blocks[97], lines: 100 },
      { block: blocks[98], lines: 200 },
      { block: blocks[99], lines: 200 },
    ]);
  });

  test('is bounded in bytes, but for one block, however large', () => {
    expect(chooseBlocks([block(2 ** 19), block(2 ** 19), block(2 ** 19)]).length).toBe(2);
    expect(chooseBlocks([block(2 ** 24), block(2 ** 24)]).length).toBe(1);
  });

  test.each([1, 3, 10, 11])('of a block is its last %d lines, each with its number', (max) => {
    const raw = Buffer.from(Array.from({ length: 10 }, (_, n) => `${'x'.repeat(n)}\n`).join(''));
    const expected = Array.from({ length: 10 }, (_, n) => ({ text: 'x'.repeat(n), line: n })).slice(-max);
    expect(lastLines(raw, 10, max)).toEqual(expected);
  });
});
