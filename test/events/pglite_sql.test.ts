import { expect, test } from 'vitest';
import { openEventStore } from '../../src/events/event_store.ts';
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
