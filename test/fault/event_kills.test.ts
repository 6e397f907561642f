/** EventService killed with -9 under appends and consumes, over and over: each event is there once, and counted once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEventStore } from '../../src/events/event_store.ts';
import { seededRandom } from '../../src/shipper/random.ts';
import { EventWriter, startEventService } from '../helpers/event_programs.ts';
import { FaultPair } from '../helpers/fault_pair.ts';
import { PostgresServer } from '../helpers/postgres_server.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const SEED = Number(process.env.FAULT_SEED ?? 20_260_131);

/** Kills; `FAULT_ROUNDS` makes them more. */
const ROUNDS = Math.ceil(Number(process.env.FAULT_ROUNDS ?? 50) / 25);
const WRITERS = 6;

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await PostgresServer.start({ fsync: true });
});
afterAll(() => postgres[Symbol.asyncDispose]());

describe.each([
  ['PostgreSQL', async () => postgres.url(await postgres.createDatabase())],
  ['PGlite', () => Promise.resolve(undefined)],
] as const)('on %s', (_, databaseUrlOf) => {
  test(
    'every answered call is stored once, and counts by type are those of the events',
    async () => {
      await using folder = await temporaryFolder();
      const databaseUrl = await databaseUrlOf();
      const env = { DATA_DIR: folder.path, DATABASE_URL: databaseUrl ?? '' };
      const port = await quietPort();
      const random = seededRandom(SEED);
      const writers = Array.from({ length: WRITERS }, (_unused, index) => new EventWriter(`w${index}`, port));
      const answered = (): number => writers.reduce((sum, writer) => sum + writer.answered.size, 0);
      try {
        for (let round = 0; round < ROUNDS; round += 1) {
          await using service = await startEventService(port, env);
          const enough = answered() + 20 + Math.floor(random() * 300);
          await until(`${enough} calls are answered`, () => answered() >= enough, 60_000);
          expect(await FaultPair.kill(service), service.stderr).toBe(true);
        }
        await using last = await startEventService(port, env);
        const more = answered() + 10;
        await until('it goes on', () => answered() >= more, 60_000);
        await Promise.all(writers.map((writer) => writer.stop()));
        last.kill('SIGTERM');
        expect(await last.ended()).toMatchObject({ code: 0 });
      } finally {
        await Promise.all(writers.map((writer) => writer.stop()));
      }
      await expectOnce(
        databaseUrl,
        `${folder.path}/events`,
        writers.flatMap((writer) => [...writer.answered]),
      );
    },
    90_000 * ROUNDS,
  );
});

async function expectOnce(
  databaseUrl: string | undefined,
  folder: string,
  answered: string[],
): Promise<void> {
  await using store = await openEventStore({ databaseUrl, folder });
  const events = (await Array.fromAsync(store.replay())).flat();
  expect(events.map(({ position }) => position)).toEqual(events.map((_event, index) => index + 1));
  expect(events.map(({ id }) => id).toSorted()).toEqual(answered.toSorted());
  const { state, position } = await store.state('count_by_type');
  expect(position).toBe(events.length);
  expect(state).toEqual(
    Object.fromEntries(
      Object.entries(Object.groupBy(events, ({ type }) => type)).map(([type, of]) => [type, of?.length]),
    ),
  );
  expect(await store.verify()).toMatchObject({ problemCount: 0, events: events.length });
}
