import { describe, expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

const byRole = (value: unknown) => ({ shippers: value, receivers: value, servers: value, workers: value });

describe('with real NATS servers', () => {
  test('jetstream: a file into the archive and into a stream, each verified', async () => {
    const { rows, bars } = await resultsOf('jetstream', '--entries', '2000', '--only', 'archive,R1');
    expect(rows.map(({ alternative }) => alternative)).toEqual(['archive', 'R1']);
    for (const row of rows) {
      expect(row).toMatchObject({
        entries: 2000,
        entriesPerSecond: spread,
        cpuSecondsPerMillion: { ...byRole(spread), all: spread },
        peakBytes: byRole(spread),
        behindSeconds: spread,
        rounds: [{ wallSeconds: number, busyCores: byRole(number) }],
      });
    }
    expect(bars).toHaveLength(1);
  });

  test('scale-out: receivers and shippers, a worker beside them', async () => {
    const sizes = ['--entries', '2000', '--receivers', '1', '--shippers', '1'];
    const { rows } = await resultsOf('scale-out', ...sizes, '--only', 'jetstream');
    expect(rows.map(({ receivers, shippers, entries }) => [receivers, shippers, entries])).toEqual([
      [1, 1, 2000],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        alternative: 'jetstream',
        entriesPerSecond: spread,
        megabytesPerSecond: spread,
        cpuSecondsPerMillion: byRole(spread),
        limit: expect.any(String) as string,
      });
    }
  });

  test('publish: by size, and by how many are on their way', async () => {
    const { rows } = await resultsOf('publish', '--megabytes', '1', '--only', 'R1');
    expect(rows).toHaveLength(3 * 4);
    expect(rows[0]).toMatchObject({ messageBytes: 65_536, inFlight: 1, messagesPerSecond: spread });
  });
});
