import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { AppendOptions } from '../../../src/events/event_store.ts';
import type { NewEvent } from '../../../src/events/event.ts';
import { append } from '../../../src/tools/events/append.ts';
import { eventBatches } from '../../../src/tools/events/event_batches.ts';
import type { Events } from '../../../src/tools/events/events.ts';

const inputOf = (lines: readonly object[]): Readable =>
  Readable.from([Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))]);

const sizesOf = async (lines: readonly object[], stream?: string) => {
  const batches = await Array.fromAsync(eventBatches(inputOf(lines), stream));
  return batches.map(({ stream: place, events }) => [place, events.length]);
};

const events = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, id) => ({ id: `${id}`, type: 't', ...more }));

test('a batch has so many events, so many bytes, and one stream', async () => {
  expect(await sizesOf(events(2500))).toEqual([
    [undefined, 1000],
    [undefined, 1000],
    [undefined, 500],
  ]);
  const large = await sizesOf(events(5, { payload: 'x'.repeat(2 * 1024 * 1024) }));
  expect(large.map(([, length]) => length)).toEqual([2, 2, 1]);
  const mixed = [...events(2, { stream: 'a' }), ...events(1, { stream: 'b' }), ...events(3)];
  expect(await sizesOf(mixed)).toEqual([
    ['a', 2],
    ['b', 1],
    [undefined, 3],
  ]);
  expect(await sizesOf(mixed, 'c')).toEqual([['c', 6]]);
  expect(await sizesOf([])).toEqual([]);
});

test('those before a pause of the input do not wait for its end', async () => {
  const input = new PassThrough();
  input.write('{"type":"one"}\n\n{"type":"two"}\n{"type":');
  const batches = eventBatches(input, undefined);
  const { value: first } = await batches.next();
  expect(first?.events.map(({ type }) => type)).toEqual(['one', 'two']);
  input.end('"three"}');
  const { value: second } = await batches.next();
  expect(second?.events.map(({ type }) => type)).toEqual(['three']);
  expect(await batches.next()).toEqual({ done: true, value: undefined });
});

test('those before a line that is wrong are taken', async () => {
  const batches = eventBatches(
    Readable.from([Buffer.from('{"type":"one"}\n{"type":"\xff"}\n', 'latin1')]),
    's',
  );
  expect((await batches.next()).value).toMatchObject({ stream: 's', events: [{ type: 'one' }] });
  await expect(batches.next()).rejects.toThrow('line 2: it is too long, or not UTF-8');
});

/** Nothing but a way to append. */
const taking = (appendAll: (events: readonly NewEvent[], options?: AppendOptions) => void): Events =>
  ({
    appendAll: async (...call: Parameters<typeof appendAll>) => {
      appendAll(...call);
      await Promise.resolve();
      return call[0].map((_, index) => ({ position: index + 1 }));
    },
  }) as unknown as Events;

test('how many events the stream holds is expected of each batch anew', async () => {
  const expected: (number | undefined)[] = [];
  const store = taking((_, options) => expected.push(options?.expectedVersion));
  const flags = { stream: 's', expect: '5' };
  await append(store, undefined, flags, inputOf(events(2500)), new PassThrough().resume());
  expect(expected).toEqual([5, 1005, 2005]);
  await expect(append(store, undefined, { expect: '5' }, inputOf([]), new PassThrough())).rejects.toThrow(
    '--expect needs --stream',
  );
});

test('where nothing can be appended the end of the input is not waited for', async () => {
  const input = new PassThrough();
  input.write('{"type":"one"}\n');
  const store = taking(() => {
    throw new Error('full');
  });
  await expect(append(store, undefined, {}, input, new PassThrough())).rejects.toThrow('full');
  expect(input.destroyed).toBe(true);
});
