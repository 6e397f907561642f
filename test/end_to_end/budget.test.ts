/**
 * A guard for speed that needs no clock. What each program allocates in V8's heap and how often it reads and writes is
 * counted with some entries and with many more, so that starting drops out. Nothing is made of an entry on its way: whoever
 * parses each, makes a string, a view or a copy of each, or reads or writes them one by one, is far above these limits.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeLogFile } from '../../benchmark/log_lines.ts';
import { plainFrames } from '../../benchmark/plain_frames.ts';
import type { OperationCounts } from '../helpers/operation_counter.ts';
import { ReceiverProgram, startShipper } from '../helpers/programs.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';

const FEW = 20_000;
const MANY = 320_000;

/** Some 15 as it is. Splitting a batch into lines makes it 55, a view of each 120, the parsed object 520. */
const MOST_HEAP_BYTES = 40;

/** Some 10 as it is, on a busy machine more; reading or writing each entry would make it as many as there are in a batch. */
const MOST_CALLS_A_BATCH = 1000;
const ENTRIES_A_BATCH = 4900;

/** Of clients that send 50 in a frame, each its own piece of work: some 250 as it is, the text of each makes it 390. */
const MOST_PLAIN_HEAP_BYTES = 350;

/** Twenty frames share a write as it is. */
const MOST_CALLS_A_FRAME = 1;
const ENTRIES_A_FRAME = 50;

const COUNTER = new URL('../helpers/operation_counter.ts', import.meta.url).href;

const counted = (countsTo: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${COUNTER}`,
  COUNTS_TO: countsTo,
});

const countsIn = async (path: string): Promise<OperationCounts> =>
  JSON.parse(await readFile(path, 'utf8')) as OperationCounts;

/** Runs a receiver, and `work` against it; what the receiver did. */
async function receiverCounts(
  folder: TemporaryFolder,
  work: (port: number) => Promise<void>,
): Promise<OperationCounts> {
  await using receiver = await ReceiverProgram.start(folder.in('data'), {
    env: counted(folder.in('receiver.json')),
  });
  await work(receiver.port);
  receiver.kill('SIGTERM');
  expect((await receiver.ended()).code).toBe(0);
  return await countsIn(folder.in('receiver.json'));
}

async function shipFile(entries: number): Promise<{ shipper: OperationCounts; receiver: OperationCounts }> {
  await using folder = await temporaryFolder();
  const path = folder.in('logs.jsonl');
  await writeLogFile(path, entries);
  const receiver = await receiverCounts(folder, async (port) => {
    const env = { ...counted(folder.in('shipper.json')), STATE_DIR: folder.in('state') };
    await using shipper = startShipper(port, ['send', path, '--compression-level', '1'], env);
    expect(await shipper.ended()).toMatchObject({ code: 0 });
  });
  return { shipper: await countsIn(folder.in('shipper.json')), receiver };
}

async function shipPlain(entries: number): Promise<OperationCounts> {
  await using folder = await temporaryFolder();
  const frames = plainFrames('gzip', { count: 400, size: ENTRIES_A_FRAME, seed: 1 });
  return await receiverCounts(folder, async (port) => {
    const socket = connect(port, '127.0.0.1');
    const closed = once(socket.resume(), 'close');
    for (let sent = 0; sent < entries / ENTRIES_A_FRAME; sent += 1) {
      if (!socket.write(frames[sent % frames.length] as Buffer)) await once(socket, 'drain');
    }
    socket.end();
    await closed;
  });
}

/** What an entry costs when there are more. */
const perEntry = (few: OperationCounts, many: OperationCounts): OperationCounts => ({
  heapBytes: (many.heapBytes - few.heapBytes) / (MANY - FEW),
  calls: (many.calls - few.calls) / (MANY - FEW),
});

describe.skipIf(process.platform !== 'linux')('an entry costs next to nothing on its way', () => {
  let few: Awaited<ReturnType<typeof shipFile>>;
  let many: Awaited<ReturnType<typeof shipFile>>;

  beforeAll(async () => {
    few = await shipFile(FEW);
    many = await shipFile(MANY);
  });

  test.each(['shipper', 'receiver'] as const)('in the %s', (program) => {
    const { heapBytes, calls } = perEntry(few[program], many[program]);
    expect(heapBytes).toBeLessThan(MOST_HEAP_BYTES);
    expect(calls * ENTRIES_A_BATCH).toBeLessThan(MOST_CALLS_A_BATCH);
  });

  test('in the receiver, from a client of the original protocol', async () => {
    const { heapBytes, calls } = perEntry(await shipPlain(FEW), await shipPlain(MANY));
    expect(heapBytes).toBeLessThan(MOST_PLAIN_HEAP_BYTES);
    expect(calls * ENTRIES_A_FRAME).toBeLessThan(MOST_CALLS_A_FRAME);
  });
});
