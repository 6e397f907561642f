/** A shipper at work while the log behind it moves to JetStream and back, by the programs, which are killed in the middle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectNats } from '../../src/jetstream/connection.ts';
import { Bucket } from '../../src/jetstream/bucket.ts';
import { bucketOf } from '../../src/jetstream/names.ts';
import { verify } from '../../src/tools/verify.ts';
import { writeArchive } from '../helpers/archives.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { NumberedLines } from '../helpers/numbered_lines.ts';
import { Program, ReceiverProgram, archiveBytes, runServer, startShipper } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** Shippers that did their work before: so many that a move takes its time. */
const OTHERS = 400;

let nats: NatsServer;
beforeAll(async () => {
  nats = await NatsServer.start();
});
afterAll(() => nats[Symbol.asyncDispose]());

const streamFlags = (): string[] => ['--nats-url', nats.url, '--nats-partitions', '2'];

/** Starts a move, kills it when `isInTheMiddle`, and runs it again to its end. */
async function moveTwice(to: string, folder: string, isInTheMiddle: () => Promise<boolean>): Promise<void> {
  const args = ['move', '--to', to, folder, ...streamFlags()];
  {
    await using first = new Program('server_main.ts', args);
    const isOver = () => first.child.exitCode !== null;
    await until('the move is under way', async () => isOver() || (await isInTheMiddle()), 30_000);
    first.kill('SIGKILL');
  }
  const { code, stdout, stderr } = await runServer(args);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: '' });
}

async function stopped(program: Program): Promise<void> {
  program.kill('SIGTERM');
  const { code, stdout } = await program.ended();
  expect({ code, stdout }).toMatchObject({ code: 0 });
}

test('every entry is there once and in order after archive, JetStream, archive, and a kill in each move', async () => {
  await using folder = await temporaryFolder();
  const [mine, other] = [folder.in('mine'), folder.in('other')];
  const makeOther = (_: unknown, n: number) => makeBlock({ shipperId: `other-${n}` });
  await writeArchive(mine, await Promise.all(Array.from({ length: OTHERS }, makeOther)));
  const port = await quietPort();
  const shipperEnv = { SHIPPER_ID: 'web-1', BATCH_MAX_BYTES: '8KiB', BATCH_INTERVAL: '0.02' };
  await using shipper = startShipper(port, ['pipe'], shipperEnv);
  const lines = new NumberedLines(shipper);
  const streamEnv = { COMMIT_LOG: 'jetstream', NATS_URL: nats.url, NATS_PARTITIONS: '2' };

  const serveAWhile = async (env: Record<string, string>): Promise<void> => {
    await using receiver = await ReceiverProgram.start(mine, { port, env });
    await receiver.hasStored(500);
    await stopped(receiver);
  };

  const move = async (): Promise<void> => {
    await serveAWhile({});
    await using client = await connectNats({ servers: [nats.url], name: 'test' });
    const bucket = new Bucket(client, bucketOf('LOGFERRY'));
    const placed = (): Promise<number> =>
      bucket.keys('place.').then(
        ({ length }) => length,
        () => 0,
      );
    await moveTwice('jetstream', mine, async () => (await placed()) > OTHERS / 4);
    const served = await runServer(['serve', '--server-port', '0', '--data-dir', mine]);
    expect(served).toMatchObject({ code: 1, stderr: expect.stringContaining('is in JetStream') as string });
    for (const archive of [mine, other]) {
      await serveAWhile(streamEnv);
      const follow = [
        'follow',
        '--from',
        'jetstream',
        '--output',
        'archive',
        '--once',
        '--data-dir',
        archive,
      ];
      expect(await runServer([...follow, ...streamFlags()])).toMatchObject({ code: 0 });
    }
    const bytes = await archiveBytes(mine);
    await moveTwice('archive', mine, async () => (await archiveBytes(mine)) > bytes);
    await serveAWhile({});
  };
  await lines.writeDuring(move());
  await using receiver = await ReceiverProgram.start(mine, { port });
  await lines.end();
  const { code, stderr } = await shipper.ended();
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  await stopped(receiver);

  let said = '';
  expect({ code: await verify([mine, other], { write: (text) => (said += text) }), said }).toMatchObject({
    code: 0,
  });
  const { stdout } = await runServer(['cat', mine, other, '--shipper', 'web-1']);
  const numbers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);
  expect(numbers).toEqual(Array.from({ length: lines.count }, (_, n) => n + 1));
});

test.each([
  [['move'], '--to is missing: expected jetstream or archive'],
  [['move', '--to', 'paper'], '--to is paper'],
  [['move', '--to', 'jetstream', '/no/such/archive'], '/no/such/archive'],
])('%j says what is wrong', async (args, says) => {
  const { code, stderr } = await runServer([...args, ...streamFlags()]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(says) as string });
  expect(stderr).not.toContain('    at ');
});
