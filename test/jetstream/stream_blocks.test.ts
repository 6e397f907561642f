import { expect, test } from 'vitest';
import { ArchiveError } from '../../src/archive/archive_error.ts';
import { FORMATS } from '../../src/archive/format.ts';
import { encodeBlock } from '../../src/jetstream/block_message.ts';
import type { PlaceStore } from '../../src/jetstream/place_store.ts';
import type { StreamMessage } from '../../src/jetstream/pull.ts';
import { StreamBlocks } from '../../src/jetstream/stream_blocks.ts';
import { EPOCH, makeBlock, type BlockWishes } from '../helpers/blocks.ts';

const message = async (sequence: number, wishes: BlockWishes = {}): Promise<StreamMessage> => ({
  sequence,
  subject: 'S.blocks.0.a',
  payload: encodeBlock(FORMATS.gzip, await makeBlock(wishes)),
});

/** The bucket says that shipper `a` stood at number 5 after message 50. */
const places = {
  load: (shipperId: string) =>
    Promise.resolve(
      shipperId === 'a'
        ? { state: { at: 50, point: { epoch: EPOCH, sequence: 5, crc: 0, positions: {} } }, revision: 1 }
        : undefined,
    ),
} as unknown as PlaceStore;

const numbersOf = async (...messages: StreamMessage[]): Promise<string[]> => {
  const blocks = await new StreamBlocks(places, () => undefined).of(messages);
  return blocks.map(({ sequence, header }) => `${sequence}: ${header.shipperId}/${header.sequence}`);
};

test('what a receiver published twice comes once', async () => {
  const twice = [await message(10, { sequence: 4 }), await message(11, { sequence: 4 })];
  expect(await numbersOf(...twice)).toEqual(['10: a/4']);
});

test('what lies behind the place of its shipper and is counted in there came before', async () => {
  expect(await numbersOf(await message(51, { sequence: 5 }), await message(52, { sequence: 6 }))).toEqual([
    '52: a/6',
  ]);
  expect(await numbersOf(await message(50, { sequence: 5 }))).toEqual(['50: a/5']);
  expect(await numbersOf(await message(51, { sequence: 5, shipperId: '@http-1' }))).toEqual([
    '51: @http-1/5',
  ]);
});

test('an entry that can’t be read does not stop a worker', async () => {
  const damaged = {
    load: () => Promise.reject(new ArchiveError('damaged', 'it is')),
  } as unknown as PlaceStore;
  const blocks = await new StreamBlocks(damaged, () => undefined).of([await message(9)]);
  expect(blocks).toHaveLength(1);
});

test('claims are passed over, and what is no block is refused', async () => {
  const refused: string[] = [];
  const blocks = new StreamBlocks(places, (sequence, reason) => refused.push(`${sequence}: ${reason}`));
  const claim = { ...(await message(1)), payload: Buffer.alloc(0) };
  const torn = await message(2);
  const messages = [claim, { ...torn, payload: torn.payload.subarray(0, 40) }];
  expect(await blocks.of(messages)).toEqual([]);
  expect(refused).toEqual([expect.stringMatching(/^2: it is not as long/)]);
});
