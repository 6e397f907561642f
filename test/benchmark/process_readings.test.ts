import { describe, expect, test } from 'vitest';
import { cpuSecondsOf, residentBytesOf } from '../../benchmark/process_readings.ts';

describe.skipIf(process.platform !== 'linux')('what /proc says of a process', () => {
  test('CPU grows by what is worked', async () => {
    const before = await cpuSecondsOf(process.pid);
    const worked = process.cpuUsage();
    while (process.cpuUsage(worked).user < 100_000);
    const seconds = (await cpuSecondsOf(process.pid)) - before;
    expect(seconds).toBeGreaterThan(0.09);
    expect(seconds).toBeLessThan(1);
  });

  test('memory is what is in memory', async () => {
    const before = await residentBytesOf(process.pid);
    const kept = Buffer.alloc(100 * 2 ** 20, 1);
    const grown = (await residentBytesOf(process.pid)) - before;
    expect(kept[0]).toBe(1);
    expect(grown).toBeGreaterThan(80 * 2 ** 20);
  });
});
