import { expect, test } from 'vitest';
import { writeArchive } from '../helpers/archives.ts';
import { RECEIVED_AT_MS, makeBlock } from '../helpers/blocks.ts';
import { hasPython, startPlainReceiver } from '../helpers/processes.ts';
import { ReceiverProgram, archiveBytes, runServer, startShipper, type Program } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const BLOCKS = 60;
const APART_MS = 60;

/** An archive of blocks of two shippers, `APART_MS` apart. */
async function writeSample(folder: string): Promise<void> {
  const blocks = await Promise.all(
    Array.from({ length: BLOCKS }, (_, index) =>
      makeBlock({
        shipperId: index % 2 === 0 ? 'a' : 'b',
        sequence: Math.floor(index / 2) + 1,
        text: `{"n":${index},"level":"${index % 3 === 0 ? 'error' : 'info'}"}\n{"n":${index}.5}\n`,
        receivedAtMs: RECEIVED_AT_MS + index * APART_MS,
      }),
    ),
  );
  await writeArchive(folder, blocks, 'one by one', { segmentMaxBytes: 2000 });
}

/** Settles when the receiver has written more than it had. */
const moves = async (receiver: ReceiverProgram, data: string): Promise<void> =>
  receiver.hasWritten(data, await archiveBytes(data));

test('kill -9 of the replay, and of its receiver: run again, everything is there once and in order', async () => {
  await using folder = await temporaryFolder();
  const [from, to] = [folder.in('from'), folder.in('to')];
  await writeSample(from);
  // So slow that a kill is always in the middle; how fast it is, is no part of which replay it is.
  const start = (speed: string): Program => startShipper(port, ['replay', from, '--speed', speed]);
  let receiver = await ReceiverProgram.start(to);
  const { port } = receiver;
  try {
    for (let kills = 0; kills < 2; kills += 1) {
      await using replay = start('0.05');
      await moves(receiver, to);
      expect(replay.child.exitCode).toBeNull();
      replay.kill('SIGKILL');
      await replay.ended();
    }
    await using slow = start('0.05');
    await moves(receiver, to);
    receiver.kill('SIGKILL');
    await receiver.ended();
    receiver = await ReceiverProgram.start(to, { port });
    await moves(receiver, to);
    expect(slow.child.exitCode).toBeNull();
    slow.kill('SIGKILL');
    await slow.ended();
    await using rest = start('0');
    expect(await rest.ended()).toMatchObject({ code: 0 });
    await using again = start('0');
    expect(await again.ended()).toMatchObject({ code: 0 });
    expect(again.log.at(-1)).toMatchObject({ read: 0, acknowledged: 0 });
    receiver.kill('SIGTERM');
    expect(await receiver.ended()).toMatchObject({ code: 0 });
  } finally {
    await receiver[Symbol.asyncDispose]();
  }
  expect(await runServer(['verify', to])).toMatchObject({ code: 0 });
  const [given, replayed] = [await runServer(['cat', from]), await runServer(['cat', to])];
  expect(replayed.bytes.equals(given.bytes)).toBe(true);
});

test('a choice and its window are replayed as a shipper of their own', async () => {
  await using folder = await temporaryFolder();
  const [from, to] = [folder.in('from'), folder.in('to')];
  await writeSample(from);
  await using receiver = await ReceiverProgram.start(to);
  const until = new Date(RECEIVED_AT_MS + 10 * APART_MS).toISOString();
  await using chosen = startShipper(receiver.port, ['replay', from, '--level', 'error', '--until', until]);
  expect(await chosen.ended()).toMatchObject({ code: 0 });
  const { stdout } = await runServer(['query', to]);
  expect(stdout.match(/"n":\d+/g)).toEqual(['"n":0', '"n":3', '"n":6', '"n":9']);
  expect(chosen.log.at(-1)).toMatchObject({
    acknowledged: 4,
    shipperId: expect.stringContaining('-replay-') as string,
  });
});

test.skipIf(!hasPython())(
  'a receiver that does not acknowledge is refused: it could not say what it has',
  async () => {
    await using folder = await temporaryFolder();
    await writeSample(folder.in('from'));
    await using plain = await startPlainReceiver(folder.in('received.jsonl'));
    await using replay = startShipper(plain.port, ['replay', folder.in('from')], { HELLO_TIMEOUT: '0.1' });
    const { code, stderr } = await replay.ended();
    expect(code).toBe(1);
    expect(stderr).toContain('answered no HELLO');
  },
);

test('what says nothing is refused before a receiver is asked', async () => {
  await using wrong = startShipper(1, ['replay', '/nowhere', '--since', 'noon']);
  expect(await wrong.ended()).toMatchObject({ code: 2 });
  expect(wrong.stderr).toMatch(/^error: --since is "noon": expected how long ago/);
});
