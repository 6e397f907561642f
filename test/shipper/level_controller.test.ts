import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BUSY_PERCENT,
  IDLE_PERCENT,
  LevelController,
  cpuReader,
  nextLevel,
} from '../../src/shipper/level_controller.ts';
import { collectLogs } from '../helpers/logs.ts';
import { until } from '../helpers/until.ts';

const BOUNDS = { min: 1, max: 9 };
const BETWEEN = (BUSY_PERCENT + IDLE_PERCENT) / 2;

// First of all: what pidusage knows of this process it keeps.
test('the first reading of the CPU is one already', async () => {
  const read = cpuReader();
  const worked = process.cpuUsage();
  while (process.cpuUsage(worked).user < 100_000) await new Promise(setImmediate);
  expect(await read()).toBeGreaterThan(0);
});

describe('the next level', () => {
  test.each([
    ['busy: down to the lowest at once', 6, 95, 1],
    ['just busy', 6, BUSY_PERCENT, 1],
    ['just not busy', 6, BUSY_PERCENT - 0.1, 6],
    ['in between it stays', 6, BETWEEN, 6],
    ['just not idle', 6, IDLE_PERCENT + 0.1, 6],
    ['just idle: one up', 6, IDLE_PERCENT, 7],
    ['idle: one up', 6, 0, 7],
    ['idle at the highest', 9, 0, 9],
    ['busy at the lowest', 1, 200, 1],
    ['out of bounds above', 12, BETWEEN, 9],
    ['out of bounds below', 0, BETWEEN, 1],
  ])('%s', (_, level, cpu, expected) => {
    expect(nextLevel(level, { cpuPercent: cpu }, BOUNDS)).toBe(expected);
  });

  test('keeps to bounds of its own', () => {
    expect(nextLevel(4, { cpuPercent: 100 }, { min: 3, max: 5 })).toBe(3);
    expect(nextLevel(5, { cpuPercent: 0 }, { min: 3, max: 5 })).toBe(5);
    expect(nextLevel(4, { cpuPercent: 0 }, { min: 4, max: 4 })).toBe(4);
  });

  test('behind: down to the lowest, however little CPU it got', () => {
    expect(nextLevel(6, { cpuPercent: 0, isBehind: true }, BOUNDS)).toBe(1);
  });
});

describe('the controller', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function controlling(readings: (number | Error)[], start = 6) {
    const logs = collectLogs();
    let reads = 0;
    const readCpu = (): Promise<number> => {
      reads += 1;
      const reading = readings.shift() ?? BETWEEN;
      return reading instanceof Error ? Promise.reject(reading) : Promise.resolve(reading);
    };
    const controller = new LevelController({
      bounds: BOUNDS,
      start,
      checkIntervalMs: 5000,
      log: logs.log,
      readCpu,
    });
    return { controller, logs, reads: () => reads };
  }

  test('looks early, then every interval; changes are counted and logged, and steady readings are not', async () => {
    const { controller, logs } = controlling([90, BETWEEN, 10, 10]);
    await vi.advanceTimersByTimeAsync(250);
    expect(controller.level).toBe(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect([controller.level, controller.changes]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([controller.level, controller.changes]).toEqual([3, 3]);
    expect(logs.at('info')).toEqual([
      'compression level 6 -> 1 (CPU 90 %)',
      'compression level 1 -> 2 (CPU 10 %)',
      'compression level 2 -> 3 (CPU 10 %)',
    ]);
    controller.stop();
  });

  test('a start out of bounds is brought into them', () => {
    const { controller } = controlling([], 19);
    expect(controller.level).toBe(9);
    controller.stop();
  });

  test('a CPU that cannot be read leaves the level and is told; the next look comes', async () => {
    const { controller, logs } = controlling([new Error('no /proc'), 90]);
    await vi.advanceTimersByTimeAsync(250);
    expect([controller.level, logs.at('warn').length]).toEqual([6, 1]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(controller.level).toBe(1);
    controller.stop();
  });

  test('a stopped one looks no more', async () => {
    const { controller, reads } = controlling([]);
    await vi.advanceTimersByTimeAsync(250);
    controller.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads()).toBe(1);
  });

  test('reads the CPU of this process where no other reading is given', async () => {
    vi.useRealTimers();
    const { log, at } = collectLogs();
    const controller = new LevelController({ bounds: BOUNDS, start: 5, checkIntervalMs: 50, log });
    await until('the level moves', () => controller.changes > 0);
    controller.stop();
    expect(at('warn')).toEqual([]);
  });
});
