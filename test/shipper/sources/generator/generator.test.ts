import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generator } from '../../../../src/shipper/sources/generator/generator.ts';
import { chunksOf, linesIn } from '../../../helpers/chunks.ts';
import { GENERATOR, NOW, generatedLines, generatedRecords } from '../../../helpers/generated.ts';

const FORMATS = ['json', 'csv', 'common', 'syslog'] as const;
const SEED = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('entries', () => {
  test('are JSON objects, numbered, with what an entry has', async () => {
    const entries = await generatedRecords(1000);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    for (const entry of entries)
      expect(entry).toEqual({
        timestamp: '2026-01-31T12:00:00.000Z',
        level: expect.stringMatching(/^(DEBUG|INFO|WARN|ERROR)$/) as string,
        service: expect.stringMatching(/^[a-z]+$/) as string,
        host: expect.stringMatching(/^node-[1-4]$/) as string,
        message: expect.stringMatching(/^[a-z ,]+$/) as string,
        user_id: expect.stringMatching(/^u\d{4}$/) as string,
        session: expect.stringMatching(/^[\da-f]{8}$/) as string,
        request_id: expect.stringMatching(/^[\da-f]{8}$/) as string,
        ms: expect.any(Number) as number,
        n: expect.any(Number) as number,
      });
  });

  test.each(FORMATS)(
    'are the same for the same seed but for their times, and others for another: %s',
    (format) =>
      fc.assert(
        fc.asyncProperty(SEED, async (seed) => {
          const lines = await generatedLines(300, { seed, format });
          expect(await generatedLines(300, { seed, format })).toEqual(lines);
          const later = await generatedLines(300, { seed, format, now: () => NOW + 3_723_004 });
          expect(later).not.toEqual(lines);
          expect(later.map(withoutTime)).toEqual(lines.map(withoutTime));
          expect((await generatedLines(300, { seed: seed ^ 1, format })).map(withoutTime)).not.toEqual(
            lines.map(withoutTime),
          );
        }),
        { numRuns: 20 },
      ),
  );

  test('do not depend on the rate, the pattern or the size of chunks', async () => {
    const lines = (await generatedLines(400)).map(withoutTime);
    const pattern = { kind: 'burst', everyMs: 20, forMs: 10, rate: 20_000 } as const;
    expect((await generatedLines(400, { rate: 10_000 })).map(withoutTime)).toEqual(lines);
    expect((await generatedLines(400, { rate: 10_000, pattern })).map(withoutTime)).toEqual(lines);
    expect((await generatedLines(400, {}, 2000)).map(withoutTime)).toEqual(lines);
  });

  test('come in chunks that are counted, keep to their limit and are not changed any more', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200_000 }), async (maxChunkBytes) => {
        const source = generator({ ...GENERATOR, count: 2000 });
        const chunks = await chunksOf(source, {}, undefined, maxChunkBytes);
        for (const { lines, positions } of chunks) {
          expect(linesIn([{ lines, positions }])).toHaveLength(lines.count);
          expect(positions).toEqual({});
          if (lines.count > 1) expect(lines.bytes.length).toBeLessThanOrEqual(maxChunkBytes);
        }
        expect(linesIn(chunks)).toEqual(await generatedLines(2000));
      }),
      { numRuns: 20 },
    ));

  test('are 201 bytes long on average', async () => {
    const bytes = (await generatedLines(50_000)).join('\n').length + 1;
    expect(bytes / 50_000).toBeGreaterThan(195);
    expect(bytes / 50_000).toBeLessThan(205);
  });

  test('can not be read again', () => expect(generator(GENERATOR).canReread).toBe(false));
});

describe('the rate, the run time and the count', () => {
  test.each([
    [1000, 300, 300],
    [50, 400, 20],
    [20_000, 200, 4000],
    [1, 500, 0],
  ])('%i a second for %i ms make %i entries', async (rate, runTimeMs, expected) => {
    const startedAt = performance.now();
    const chunks = await chunksOf(generator({ ...GENERATOR, rate, runTimeMs }));
    expect(linesIn(chunks)).toHaveLength(expected);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(runTimeMs - 1);
  });

  test('without a limit it makes many, until its time is up', async () => {
    const startedAt = performance.now();
    const chunks = await chunksOf(generator({ ...GENERATOR, runTimeMs: 50 }));
    expect(linesIn(chunks).length).toBeGreaterThan(1000);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
  });

  test.each([0, 100_000])('a count ends it, whatever the run time says (rate %i)', async (rate) => {
    expect(await generatedLines(7001, { rate, runTimeMs: 1 })).toHaveLength(7001);
  });

  test.each([0, 100])('without an end it runs until it is told to stop (rate %i)', async (rate) => {
    const stop = new AbortController();
    let made = 0;
    for await (const { lines } of generator({ ...GENERATOR, rate }).read({}, stop.signal, 2 ** 20)) {
      made += lines.count;
      if (made >= 5) stop.abort();
    }
    expect(made).toBeGreaterThanOrEqual(5);
  });

  test('each entry has the time at which it was due', async () => {
    const startedAt = performance.now();
    const now = (): number => NOW + performance.now() - startedAt;
    const times = (await generatedRecords(40, { rate: 200, now })).map(({ timestamp }) =>
      Date.parse(timestamp),
    );
    for (const [index, time] of times.entries())
      if (index > 0) expect([4, 5, 6]).toContain(time - (times[index - 1] ?? 0));
  });

  test('a clock that is set is followed', async () => {
    let set = 0;
    const source = generator({ ...GENERATOR, rate: 1000, count: 200, now: () => NOW + set });
    const hours = new Set<string>();
    for await (const chunk of source.read({}, new AbortController().signal, 2 ** 20)) {
      for (const line of linesIn([chunk])) hours.add(line.slice(25, 27));
      set = 3_600_000;
    }
    expect(hours).toEqual(new Set(['12', '13']));
  });
});

describe('with a clock of its own', () => {
  const startMs = NOW;

  test('a day is over at once, with as many entries as a day has', async () => {
    const runTimeMs = 86_400_000;
    const lines = await generatedLines(0, {
      count: undefined,
      rate: 1,
      runTimeMs,
      startMs,
      pattern: { kind: 'daily' },
    });
    expect(Math.abs(lines.length - 86_400)).toBeLessThanOrEqual(1);
    expect(lines.at(-1)).toMatch(/^\{"timestamp":"2026-02-01T(11:59:59|12:00:00)/);
    const ofHour = (hour: string): number => lines.filter((line) => line.slice(24, 27) === hour).length;
    expect(ofHour('T02') / 3600).toBeCloseTo(0.207, 2);
    expect(ofHour('T14') / 3600).toBeCloseTo(1.793, 2);
  });

  test('bursts are where they are said to be, and the quiet between them', async () => {
    const pattern = { kind: 'burst', everyMs: 10_000, forMs: 2000, rate: 500 } as const;
    const options = { count: undefined, rate: 10, runTimeMs: 30_000, startMs, pattern };
    const perSecond = new Map<number, number>();
    for (const line of await generatedLines(0, options)) {
      const second = Math.ceil((Date.parse(line.slice(14, 38)) - startMs) / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    const inBurst = [11, 12, 21, 22];
    for (let second = 1; second <= 30; second += 1)
      expect([second, perSecond.get(second)]).toEqual([second, inBurst.includes(second) ? 500 : 10]);
  });

  test.each(FORMATS)('the same seed makes the same bytes, times and all: %s', async (format) => {
    const options = { format, startMs, rate: 3, now: Date.now };
    expect(await generatedLines(500, options)).toEqual(await generatedLines(500, options));
  });

  test('without a limit entries are a millisecond apart', async () => {
    const entries = await generatedRecords(100, { startMs });
    expect(entries.map(({ timestamp }) => Date.parse(timestamp) - startMs)).toEqual(
      entries.map(({ n }) => n),
    );
  });
});

const withoutTime = (line: string): string =>
  line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]{8} \+0000\]/, '');
