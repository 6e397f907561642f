import { afterEach, expect, test, vi } from 'vitest';
import { compareSegments, listSegments } from '../../src/archive/segment_name.ts';
import { acknowledged, batchFrame, shipperPeer } from '../helpers/raw_peer.ts';
import { archivedHeaders, archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const NOON = Date.UTC(2026, 0, 31, 12, 0, 0);
const HOUR = 3_600_000;

/** Where the clock stands in each life of the receiver. */
const CLOCKS = [NOON, NOON - 26 * HOUR, NOON - 26 * HOUR, NOON - HOUR, NOON + HOUR] as const;
const EACH = 12;

afterEach(() => void vi.restoreAllMocks());

test('a clock that goes back, while the receiver runs and between two starts: segments stay in order, shippers resume', async () => {
  await using folder = await temporaryFolder();
  const clock = vi.spyOn(Date, 'now');
  const namesByAge: string[] = [];
  let sequence = 0;
  for (const start of CLOCKS) {
    let nowMs = start;
    clock.mockImplementation(() => (nowMs -= 700));
    await using receiver = await testReceiver(folder.path, { archive: { segmentMaxBytes: 400 } });
    await using peer = await shipperPeer(receiver.port, 'a');
    expect(peer.messages('READY')).toMatchObject([{ sequence }]);
    for (const end = sequence + EACH; sequence < end;) {
      sequence += 1;
      peer.send(batchFrame({ sequence, text: `{"n":${sequence}}\n` }));
      await until('it is acknowledged', () => acknowledged(peer) === sequence);
      const newest = (await listSegments(folder.path)).at(-1)?.name ?? '';
      if (namesByAge.at(-1) !== newest) namesByAge.push(newest);
    }
  }
  expect(namesByAge.length).toBeGreaterThan(CLOCKS.length);
  expect(new Set(namesByAge).size).toBe(namesByAge.length);
  const segments = await listSegments(folder.path);
  expect(segments.map(({ name }) => name)).toEqual(namesByAge);
  expect(segments.toSorted(compareSegments)).toEqual(segments);
  const epochs = (await archivedHeaders(folder.path, 'a')).map(({ epoch }) => epoch);
  expect(new Set(epochs).size, 'one number line all along').toBe(1);
  const numbers = Array.from({ length: EACH * CLOCKS.length }, (_, index) => `{"n":${index + 1}}`);
  expect(await archivedLines(folder.path, 'a')).toEqual(numbers);
  expect((await verdictOn(folder.path)).code).toBe(0);
});
