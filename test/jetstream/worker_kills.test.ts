/**
 * Workers as processes that are killed with -9, put to sleep for longer than their lease, and woken, at random, while blocks
 * are published: their archives together have each block once. `JETSTREAM_KILLS=200` makes it last.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/shipper/random.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { numbersIn } from '../helpers/output_programs.ts';
import { Program } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import { complaints, numbered, openStreamLog, publish, storedIn, workerEnv } from '../helpers/workers.ts';

const KILLS = Number(process.env.JETSTREAM_KILLS ?? 4);
const SEED = Number(process.env.FAULT_SEED ?? 20_260_131);
const SHIPPERS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Of each shipper, between two faults. */
const BLOCKS = 30;

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const begin = (env: Readonly<Record<string, string>>, ...args: string[]): Program =>
  new Program('server_main.ts', ['follow', '--from', 'jetstream', ...args], env);

async function kill(program: Program): Promise<void> {
  const { exitCode } = program.child;
  if (exitCode !== null) expect.fail(`it ended by itself:\n${program.stdout}${program.stderr}`);
  program.kill('SIGKILL');
  await program.ended();
}

/** Its folder has all that is its own when it ends. */
async function stop(program: Program): Promise<void> {
  await until('it has begun', () => program.stdout.includes('following'));
  program.kill('SIGTERM');
  const { code, stdout, stderr } = await program.ended();
  expect(code, `${stdout}${stderr}`).toBe(0);
}

test(
  'archives of workers that are killed and put to sleep have each block once',
  async () => {
    await using folder = await temporaryFolder();
    const folders = [folder.in('one'), folder.in('two')] as const;
    const env = workerEnv(server, 'KILLS', folder.path);
    const random = seededRandom(SEED);
    await using log = await openStreamLog(env);
    await using resources = new AsyncDisposableStack();
    const run = (n: number): Program =>
      resources.use(begin({ ...env, DATA_DIR: folders[n] ?? '' }, '--output', 'archive'));
    const workers = [run(0), run(1)] as const;
    const running: Program[] = [...workers];
    for (let round = 0; round < KILLS; round += 1) {
      const publishing = publish(log, SHIPPERS, round * BLOCKS + 1, (round + 1) * BLOCKS);
      const n = Math.floor(random() * 2);
      const worker = running[n] as Program;
      await delay(random() * 800);
      if (random() < 0.7) {
        await kill(worker);
        // Now and then it is away for longer than its lease.
        await delay(random() * 2000);
        running[n] = run(n);
      } else {
        worker.kill('SIGSTOP');
        await delay(random() * 3000);
        worker.kill('SIGCONT');
      }
      await publishing;
    }
    const all = SHIPPERS.length * KILLS * BLOCKS;
    await until('all is written', async () => (await storedIn(...folders)).length >= all, 60_000).catch(
      (error: unknown) => {
        throw new Error(`${(error as Error).message}\n${running.map(({ stdout }) => stdout).join('\n\n')}`);
      },
    );
    for (const worker of running) await stop(worker);
    expect((await storedIn(...folders)).toSorted()).toEqual(numbered(SHIPPERS, KILLS * BLOCKS));
    expect(await complaints(...folders)).toBe('');
  },
  60_000 + KILLS * 10_000,
);

test.each(['csv', 'sqlite'] as const)(
  'an output (%s) whose worker is killed has each entry once',
  async (name) => {
    await using folder = await temporaryFolder();
    const env = {
      ...workerEnv(server, `KILL${name}`, folder.in('data')),
      OUTPUT_DIR: folder.path,
      NATS_PARTITIONS: '1',
    };
    const random = seededRandom(SEED);
    await using log = await openStreamLog(env);
    const rounds = Math.ceil(KILLS / 3);
    for (let round = 0; round < rounds; round += 1) {
      await using worker = begin(env, '--output', name);
      await until('it has begun', () => worker.stdout.includes('taken'));
      const publishing = publish(log, ['a'], round * 100 + 1, (round + 1) * 100);
      await delay(random() * 300);
      await kill(worker);
      await publishing;
    }
    await using last = begin(env, '--output', name, '--once');
    expect((await last.ended()).code).toBe(0);
    const numbers = await numbersIn(folder.path, name);
    expect(numbers).toHaveLength(rounds * 200);
    expect(new Set(numbers).size).toBe(rounds * 200);
  },
  60_000 + KILLS * 10_000,
);
