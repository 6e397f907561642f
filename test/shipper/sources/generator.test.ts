import { describe, expect, test } from 'vitest';
import { generator, type GeneratorOptions } from '../../../src/shipper/sources/generator.ts';
import { chunksOf, linesIn } from '../../helpers/chunks.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const OPTIONS: GeneratorOptions = { rate: 0, runTimeMs: 0, seed: 1, now: () => NOW };

/** The first `count` lines. */
async function firstLines(count: number, options: Partial<GeneratorOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const chunk of generator({ ...OPTIONS, ...options }).read(
    {},
    new AbortController().signal,
    2 ** 20,
  )) {
    lines.push(...linesIn([chunk]));
    expect(linesIn([chunk])).toHaveLength(chunk.lines.count);
    if (lines.length >= count) break;
  }
  return lines.slice(0, count);
}

describe('entries', () => {
  test('are JSON objects, numbered, with time, level, service and message', async () => {
    const entries = (await firstLines(1000)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    for (const entry of entries) {
      expect(entry).toMatchObject({
        timestamp: '2026-01-31T12:00:00.000Z',
        level: expect.stringMatching(/^(DEBUG|INFO|WARN|ERROR)$/) as string,
        service: expect.any(String) as string,
        message: expect.any(String) as string,
      });
    }
    expect(new Set(entries.map(({ level }) => level)).size).toBe(4);
  });

  test('are the same for the same seed but for their times, and others for another', async () => {
    const lines = await firstLines(600);
    expect(await firstLines(600)).toEqual(lines);
    const later = await firstLines(600, { now: () => NOW + 1000 });
    expect(later).not.toEqual(lines);
    expect(later.map(withoutTime)).toEqual(lines.map(withoutTime));
    expect(await firstLines(600, { seed: 2 })).not.toEqual(lines);
  });

  test('do not depend on the rate', async () => {
    expect(await firstLines(300, { rate: 10_000 })).toEqual(await firstLines(300));
  });

  test('have no positions: they can not be read again', async () => {
    const source = generator({ ...OPTIONS, rate: 1000, runTimeMs: 50 });
    expect(source.canReread).toBe(false);
    for (const { positions } of await chunksOf(source)) expect(positions).toEqual({});
  });
});

describe('the rate and the run time', () => {
  test.each([
    [1000, 300, 300],
    [50, 400, 20],
    [20_000, 200, 4000],
    [1, 500, 0],
  ])('%i a second for %i ms make %i entries', async (rate, runTimeMs, expected) => {
    const startedAt = performance.now();
    const chunks = await chunksOf(generator({ ...OPTIONS, rate, runTimeMs }));
    expect(linesIn(chunks)).toHaveLength(expected);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(runTimeMs - 1);
  });

  test('without a limit it makes many, until its time is up', async () => {
    const startedAt = performance.now();
    const chunks = await chunksOf(generator({ ...OPTIONS, runTimeMs: 50 }));
    expect(linesIn(chunks).length).toBeGreaterThan(1000);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
  });

  test.each([0, 100])('without an end it runs until it is told to stop (rate %i)', async (rate) => {
    const stop = new AbortController();
    let made = 0;
    for await (const { lines } of generator({ ...OPTIONS, rate }).read({}, stop.signal, 2 ** 20)) {
      made += lines.count;
      if (made >= 5) stop.abort();
    }
    expect(made).toBeGreaterThanOrEqual(5);
  });
});

const withoutTime = (line: string): string => line.replace(/"timestamp":"[^"]*"/, '');
