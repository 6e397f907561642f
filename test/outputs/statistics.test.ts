import { mkdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Counts, NONE, OTHER } from '../../src/outputs/counts.ts';
import { AT_START } from '../../src/outputs/output.ts';
import { readStatistics, statisticsOutput } from '../../src/outputs/statistics.ts';
import { statisticsOf, statisticsTable } from '../../src/tools/stats.ts';
import { rowsFrom } from '../helpers/rows.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const agoMs = (seconds: number): number => NOW_MS - seconds * 1000;
const STATE = {
  ...AT_START,
  malformed: 2,
  position: { segment: 'logs_20260131_120000.jsonl.gz', offset: 5 },
};

describe('the output stats', () => {
  test('counts by level, tag, service and source; saved counts are gone on with, others are not there', async () => {
    await using folder = await temporaryFolder();
    const plan = statisticsOutput({ folder: folder.path });
    expect(await readStatistics(folder.path, NOW_MS)).toBeUndefined();
    {
      await using output = await plan.open();
      expect(output.saved).toBeUndefined();
      await output.write(
        rowsFrom([{ level: 'info', service: 'api', tags: ['a', 'b', 'a'] }, { level: 30 }], 'x'),
      );
      await output.save(STATE);
      await output.write(rowsFrom([{ level: 'lost' }], 'x'));
    }
    await using output = await plan.open();
    expect(output.saved).toEqual(STATE);
    await output.write(rowsFrom([{ level: 'error', service: 'api', tags: ['b'] }], 'y'));
    await output.save(STATE);
    expect(await readStatistics(folder.path, NOW_MS)).toMatchObject({
      total: 3,
      parseErrors: 2,
      levels: { INFO: 2, ERROR: 1 },
      tags: { a: 1, b: 2 },
      services: { api: 2, [NONE]: 1 },
      sources: { x: 2, y: 1 },
    });
    await plan.reset();
    expect(await readStatistics(folder.path, NOW_MS)).toBeUndefined();
  });

  test('rates are of whole seconds, the last of which is over', async () => {
    await using folder = await temporaryFolder();
    await using output = await statisticsOutput({ folder: folder.path }).open();
    for (const [seconds, entries] of [
      [0.5, 1000],
      [1.5, 20],
      [2, 10],
      [11, 100],
      [30, 470],
      [62, 5000],
    ] as const)
      await output.write(
        rowsFrom(
          Array.from({ length: entries }, () => ({})),
          'x',
          agoMs(seconds),
        ),
      );
    await output.save(STATE);
    const rates = async (nowMs: number) => (await readStatistics(folder.path, nowMs))?.logsPerSecond;
    expect(await rates(NOW_MS)).toEqual({ '1s': 30, '10s': 13, '1m': 10 });
    expect(await rates(NOW_MS + 999)).toEqual({ '1s': 30, '10s': 13, '1m': 10 });
    expect(await rates(NOW_MS + 1000)).toMatchObject({ '1s': 1000 });
    expect(await rates(NOW_MS + 3_600_000)).toEqual({ '1s': 0, '10s': 0, '1m': 0 });
  });

  test('holds a bounded number of names and seconds, whatever peers send', () => {
    const counts = new Counts();
    const entries = Array.from({ length: 3000 }, (_, n) => ({
      service: `s${n}`,
      tags: [`t${n}`],
      level: `${n}`,
    }));
    for (let second = 0; second < 200; second += 1)
      counts.add(
        rowsFrom(entries.slice(second * 15, second * 15 + 15), `shipper ${second}`, agoMs(200 - second)),
      );
    const { services, tags, levels, seconds, total } = counts.state;
    for (const names of [services, tags, levels]) {
      expect(names).toHaveLength(1001);
      expect(new Map(names).get(OTHER)).toBe(2000);
    }
    expect(seconds).toHaveLength(65);
    expect(total).toBe(3000);
    counts.add(rowsFrom([{ service: 'x'.repeat(10_000) }]));
    expect(JSON.stringify(counts.state)).not.toContain('xxx');
  });

  test('names like __proto__ are counted like others, and shown to people without harm', async () => {
    await using folder = await temporaryFolder();
    await using output = await statisticsOutput({ folder: folder.path }).open();
    await output.write(rowsFrom([{ service: '__proto__' }, { service: '\u001b[31m' }], 'x'));
    await output.save(STATE);
    const statistics = await readStatistics(folder.path, NOW_MS);
    expect(Object.entries(statistics?.services ?? {})).toContainEqual(['__proto__', 1]);
    if (statistics !== undefined) expect(statisticsTable(statistics)).toContain(String.raw`"\u001b[31m"  1`);
  });
});

describe('the statistics of several archives', () => {
  test('are their sums, the most frequent first, as of the one that was saved first', async () => {
    await using folder = await temporaryFolder();
    for (const [name, levels] of [
      ['a', ['info', 'error', 'info']],
      ['b', ['error', 'error', 'warn']],
    ] as const) {
      await mkdir(folder.in(name));
      await using output = await statisticsOutput({ folder: folder.in(name) }).open();
      await output.write(
        rowsFrom(
          levels.map((level) => ({ level, service: name })),
          name,
        ),
      );
      await output.save(STATE);
    }
    const folders = [folder.in('a'), folder.in('b')];
    const [a, b] = await Promise.all(folders.map((one) => readStatistics(one, NOW_MS)));
    const both = await statisticsOf(folders, NOW_MS);
    expect(both).toMatchObject({
      total: 6,
      parseErrors: 4,
      services: { a: 3, b: 3 },
      sources: { a: 3, b: 3 },
    });
    expect(Object.entries(both.levels)).toEqual([
      ['ERROR', 3],
      ['INFO', 2],
      ['WARN', 1],
    ]);
    expect(both.asOf).toBe([a?.asOf, b?.asOf].toSorted()[0]);
    expect(await statisticsOf(folders.slice(0, 1), NOW_MS)).toEqual(a);
  });

  test('want those of each', async () => {
    await using folder = await temporaryFolder();
    await expect(statisticsOf([folder.path], NOW_MS)).rejects.toThrow(
      `there are no statistics of ${folder.path}`,
    );
  });
});
