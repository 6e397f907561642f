import { cp } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReceiverProgram, archiveBytes, runServer, startShipper, type Program } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { archivedHeaders, archivedLines } from '../helpers/receivers.ts';
import { spooled, spooledEntries, type Spooled } from '../helpers/spooled.ts';
import { range, spoolFiles } from '../helpers/spools.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ID = 'spooled';

/** `pipe` with a spool, to be fed by the test. */
function startPipe(port: number, spool: string, env: Readonly<Record<string, string>> = {}): Program {
  return startShipper(port, ['pipe'], {
    SPOOL_DIR: spool,
    SHIPPER_ID: ID,
    BATCH_INTERVAL: '0.01',
    STATE_DIR: `${spool}-state`,
    RECONNECT_MAX_DELAY: '0.05',
    ...env,
  });
}

/** Lines of run `run`, numbered, not two alike. */
const lines = (run: number, from: number, to: number): string =>
  range(from, to)
    .map((n) => `{"run":${run},"n":${n},"id":"${(Math.imul(n + run, 2654435761) >>> 0).toString(36)}"}\n`)
    .join('');

/** The numbers of each run in the archive, as they lie there. */
async function numbersByRun(data: string): Promise<Map<number, number[]>> {
  const numbers = new Map<number, number[]>();
  for (const line of await archivedLines(data, ID)) {
    const { run, n } = JSON.parse(line) as { run: number; n: number };
    const sofar = numbers.get(run);
    if (sofar === undefined) numbers.set(run, [n]);
    else sofar.push(n);
  }
  return numbers;
}

async function expectClean(data: string): Promise<string> {
  const { code, stdout } = await runServer(['verify', data]);
  expect(stdout).toContain('clean');
  expect(code).toBe(0);
  return stdout;
}

describe('a shipper with a spool', () => {
  test('killed with -9 while the receiver is down: the next run ships what was left first, all of it once', async () => {
    await using folder = await temporaryFolder();
    const [data, spool, port] = [folder.in('data'), folder.in('spool'), await quietPort()];
    await using killed = startPipe(port, spool);
    killed.child.stdin?.end(lines(1, 1, 20_000));
    await until('all is spooled', async () => (await spooledEntries(spool)) === 20_000, 30_000);
    killed.kill('SIGKILL');
    await killed.ended();
    await using receiver = await ReceiverProgram.start(data, { port });
    await using next = startPipe(port, spool);
    next.child.stdin?.end(lines(2, 1, 5000));
    expect(await next.ended()).toMatchObject({ code: 0 });
    expect(next.log.at(-1)).toMatchObject({ read: 25_000, acknowledged: 25_000, inFlight: 0, dropped: 0 });
    receiver.kill('SIGTERM');
    await receiver.ended();
    const archived = (await archivedLines(data, ID)).map((line) => `${line}\n`).join('');
    expect(archived === lines(1, 1, 20_000) + lines(2, 1, 5000)).toBe(true);
    await expectClean(data);
    expect(await spoolFiles(spool)).toEqual([]);
  });

  test('restored from an old copy of its spool: nothing is there twice', async () => {
    await using folder = await temporaryFolder();
    const [data, spool, port] = [folder.in('data'), folder.in('spool'), await quietPort()];
    await using killed = startPipe(port, spool);
    killed.child.stdin?.end(lines(1, 1, 3000));
    await until('all is spooled', async () => (await spooledEntries(spool)) === 3000, 30_000);
    killed.kill('SIGKILL');
    await killed.ended();
    for (const name of await spoolFiles(spool)) await cp(`${spool}/${name}`, folder.in('copy', name));
    await using receiver = await ReceiverProgram.start(data, { port });
    for (const run of [2, 3]) {
      await using next = startPipe(port, spool);
      next.child.stdin?.end(lines(run, 1, 1000));
      expect(await next.ended()).toMatchObject({ code: 0 });
      expect(next.log.at(-1)).toMatchObject({ acknowledged: 4000, inFlight: 0 });
      await cp(folder.in('copy'), spool, { recursive: true });
    }
    receiver.kill('SIGTERM');
    await receiver.ended();
    const numbers = await numbersByRun(data);
    expect([...numbers.keys()]).toEqual([1, 2, 3]);
    expect(numbers.get(1)).toEqual(range(1, 3000));
    expect(numbers.get(3)).toEqual(range(1, 1000));
    await expectClean(data);
  });

  test('killed with -9 at 15 random instants, the receiver too: every batch that was spooled is there once', async () => {
    await using folder = await temporaryFolder();
    const [data, spool, port] = [folder.in('data'), folder.in('spool'), await quietPort()];
    const random = randomOf(20_260_101);
    const spooledAtKill: Spooled[] = [];
    let receiver = await ReceiverProgram.start(data, { port });
    try {
      for (const run of range(1, 15)) {
        await using shipper = startPipe(port, spool);
        const before = await archiveBytes(data);
        const feeding = feed(shipper, run);
        await until(
          'something of it is shipped or spooled',
          async () => (await archiveBytes(data)) > before || (await spooledEntries(spool)) > 0,
          30_000,
        );
        await delay(random() * 120);
        if (random() < 0.5) {
          receiver.kill('SIGKILL');
          await receiver.ended();
          if (random() < 0.5) await delay(random() * 50);
          receiver = await ReceiverProgram.start(data, { port });
        }
        shipper.kill('SIGKILL');
        await shipper.ended();
        await feeding;
        spooledAtKill.push(...(await spooled(spool)));
      }
      await using last = startPipe(port, spool);
      last.child.stdin?.end(lines(16, 1, 1000));
      expect(await last.ended()).toMatchObject({ code: 0 });
      expect(last.log.at(-1)).toMatchObject({ inFlight: 0, dropped: 0, rejected: 0 });
      receiver.kill('SIGTERM');
      await receiver.ended();
    } finally {
      await receiver[Symbol.asyncDispose]();
    }
    await expectClean(data);
    expect(await spoolFiles(spool)).toEqual([]);
    const stored = new Set(
      (await archivedHeaders(data, ID)).map(({ epoch, sequence }) => `${epoch} ${sequence}`),
    );
    expect(spooledAtKill.length).toBeGreaterThan(15);
    expect(spooledAtKill.filter(({ epoch, sequence }) => !stored.has(`${epoch} ${sequence}`))).toEqual([]);
    const numbers = await numbersByRun(data);
    for (const [run, found] of numbers)
      expect({ run, isWhole: isFrom1(found) }).toEqual({ run, isWhole: true });
    expect(numbers.get(16)).toHaveLength(1000);
  });

  test.each(['drop_newest', 'drop_oldest'])(
    'that drops (%s) while the receiver is down declares exactly that',
    async (full) => {
      await using folder = await temporaryFolder();
      const [data, spool, port] = [folder.in('data'), folder.in('spool'), await quietPort()];
      await using shipper = startPipe(port, spool, {
        SPOOL_FULL: full,
        SPOOL_MAX_BYTES: '1MiB',
        COMPRESSION_ENABLED: 'false',
        BATCH_MAX_BYTES: '8KiB',
      });
      shipper.child.stdin?.end(lines(1, 1, 100_000));
      await until(
        'batches are dropped',
        () => shipper.log.some(({ msg }) => msg.startsWith('the spool is full')),
        30_000,
      );
      await using receiver = await ReceiverProgram.start(data, { port });
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      const summary = shipper.log.at(-1);
      expect(summary).toMatchObject({ read: 100_000, inFlight: 0, rejected: 0 });
      receiver.kill('SIGTERM');
      await receiver.ended();
      expect(summary?.dropped).toBeGreaterThan(0);
      expect(await expectClean(data)).toContain(`, ${String(summary?.dropped)} entries declared lost`);
      const [found = []] = (await numbersByRun(data)).values();
      expect(found).toHaveLength(100_000 - Number(summary?.dropped));
      expect(found.every((n, at) => at === 0 || n > (found[at - 1] ?? 0))).toBe(true);
    },
  );
});

const isFrom1 = (numbers: readonly number[]): boolean => numbers.every((n, at) => n === at + 1);

/** Writes lines until the process is gone. */
async function feed(shipper: Program, run: number): Promise<void> {
  const { stdin } = shipper.child;
  let isGone = false;
  stdin?.on('error', () => (isGone = true));
  shipper.child.on('exit', () => (isGone = true));
  for (let from = 1; !isGone && stdin !== null; from += 500) {
    if (stdin.write(lines(run, from, from + 499))) await delay(0);
    else await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), shipper.ended()]);
  }
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
