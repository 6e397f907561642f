import { expect, test } from 'vitest';
import { openEventStore } from '../../src/events/event_store.ts';
import { openPglite } from '../../src/events/pglite_sql.ts';
import { codeOf } from '../helpers/errors.ts';
import { allEvents, eventOf } from '../helpers/event_engines.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('the embedded database is one process’s alone, and has all of it when it is opened again', async () => {
  await using folder = await temporaryFolder();
  const place = { folder: folder.in('events') };
  const first = await openEventStore(place);
  await first.consume(eventOf(1), { stream: 's' });
  expect(await codeOf(() => openEventStore(place))).toBe('folder_in_use');
  await first.append(eventOf(2));
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  await using second = await openEventStore(place);
  expect((await allEvents(second)).map(({ id }) => id)).toEqual(['event-1', 'event-2']);
  expect(await second.state('count_by_type')).toMatchObject({ position: 2, state: { 'thing.happened': 2 } });
});

test('statement upon statement leaves the event loop its turns', async () => {
  await using folder = await temporaryFolder();
  await using sql = await openPglite(folder.path);
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 1);
  const until = performance.now() + 300;
  while (performance.now() < until) await sql.query('SELECT 1');
  expect(turns).toBeGreaterThan(1);
  turns = 0;
  await sql.transaction(async (tx) => {
    const end = performance.now() + 300;
    while (performance.now() < end) await tx.query('SELECT 1');
  });
  clearInterval(counting);
  expect(turns).toBeGreaterThan(1);
});
