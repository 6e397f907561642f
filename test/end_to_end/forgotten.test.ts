/** A receiver whose archive was deleted between two runs of a shipper with a spool: it knows the shipper no more. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ReceiverProgram, runServer, startShipper, type Program } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { archivedHeaders, archivedLines } from '../helpers/receivers.ts';
import { spooledEntries } from '../helpers/spooled.ts';
import { spoolFiles } from '../helpers/spools.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ID = 'forgotten';

function startPipe(port: number, folder: TemporaryFolder): Program {
  return startShipper(port, ['pipe'], {
    SPOOL_DIR: folder.in('spool'),
    STATE_DIR: folder.in('state'),
    SHIPPER_ID: ID,
    BATCH_INTERVAL: '0.01',
    // Files of 128 KiB: those that are acknowledged go.
    SPOOL_MAX_BYTES: '1MiB',
    COMPRESSION_ENABLED: 'false',
    RECONNECT_MAX_DELAY: '0.05',
  });
}

const FILLER = 'x'.repeat(1000);
const lines = (run: number, from: number, to: number): string[] =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `{"run":${run},"n":${from + index},"filler":"${FILLER}"}`,
  );
const textOf = (some: readonly string[]): string => some.map((line) => `${line}\n`).join('');

/** What is in the spool's files, not compressed. */
async function spoolText(spool: string): Promise<string> {
  const files = await Promise.all(
    (await spoolFiles(spool)).map((name) => readFile(join(spool, name), 'latin1')),
  );
  return files.join('');
}

async function stop(receiver: ReceiverProgram): Promise<void> {
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
}

/** Exactly these lines, and what `verify` says of the archive, which is clean. */
async function expectHolds(data: string, expected: readonly string[]): Promise<string> {
  expect(await archivedLines(data, ID)).toEqual(expected);
  const { code, stdout } = await runServer(['verify', data]);
  expect(stdout).toContain('clean');
  expect(code).toBe(0);
  return stdout;
}

test('that had delivered everything: the next run ships what it is given, and nothing else', async () => {
  await using folder = await temporaryFolder();
  const [data, port] = [folder.in('data'), await quietPort()];
  for (const run of [1, 2]) {
    await rm(data, { recursive: true, force: true });
    await using receiver = await ReceiverProgram.start(data, { port });
    await using shipper = startPipe(port, folder);
    shipper.child.stdin?.end(textOf(lines(run, 1, 500)));
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    expect(shipper.log.at(-1)).toMatchObject({ read: 500, acknowledged: 500, inFlight: 0, dropped: 0 });
    await stop(receiver);
    expect(await expectHolds(data, lines(run, 1, 500))).not.toContain('declared lost');
  }
  expect(await spoolFiles(folder.in('spool'))).toEqual([]);
});

test('that was killed with batches in its spool: these come first, what the old archive had is declared, and nothing is there twice', async () => {
  await using folder = await temporaryFolder();
  const [data, spool, port] = [folder.in('data'), folder.in('spool'), await quietPort()];
  {
    await using receiver = await ReceiverProgram.start(data, { port });
    await using killed = startPipe(port, folder);
    killed.child.stdin?.write(textOf(lines(1, 1, 300)));
    await until('the first are archived', async () => (await archivedLines(data, ID)).length === 300);
    await stop(receiver);
    await until(
      'what was acknowledged is gone from the spool',
      async () => (await spoolFiles(spool)).length < 2,
    );
    killed.child.stdin?.write(textOf(lines(1, 301, 500)));
    await until('the others are spooled', async () => (await spoolText(spool)).includes('"n":500,'));
    killed.kill('SIGKILL');
    await killed.ended();
  }
  const left = await spooledEntries(spool);
  expect(left).toBeGreaterThanOrEqual(200);
  await rm(data, { recursive: true });
  await using receiver = await ReceiverProgram.start(data, { port });
  await using next = startPipe(port, folder);
  next.child.stdin?.end(textOf(lines(2, 1, 100)));
  expect(await next.ended()).toMatchObject({ code: 0 });
  expect(next.log.at(-1)).toMatchObject({ acknowledged: left + 100, inFlight: 0, dropped: 0 });
  await stop(receiver);
  const report = await expectHolds(data, [...lines(1, 501 - left, 500), ...lines(2, 1, 100)]);
  const [first] = await archivedHeaders(data, ID);
  expect(first).toMatchObject({ count: 0, gap: { from: 1, entries: 0 } });
  expect(report).toMatch(/, \d+ batches declared lost without a count of entries\n/);
  expect(await spoolFiles(spool)).toEqual([]);
});
