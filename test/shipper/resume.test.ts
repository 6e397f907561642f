import { describe, expect, test } from 'vitest';
import { expectOwnNumbers, expectStranger } from '../../src/shipper/resume.ts';
import { codeOf } from '../helpers/errors.ts';

const READY = { epoch: 1, sequence: 0, positions: {}, windowBytes: 1 };

const ask = (sequence: number, canReread: boolean, ours?: number, theirs?: number): void =>
  expectOwnNumbers(
    { ...READY, sequence, ...(theirs === undefined ? {} : { crc: theirs }) },
    { shipperId: 'a', acknowledged: 5, highestSent: 8, crc: ours, canReread },
  );

describe('batch 5 is acknowledged and batch 8 sent; a receiver that has', () => {
  test.each([5, 6, 8])('%i is where it was or further', (sequence) => {
    ask(sequence, true);
    ask(sequence, false);
  });

  test('4 went back: told by a GAP where nothing can be read again', () => {
    ask(4, false);
  });

  test.each([
    [4, true, 'receiver_went_back'],
    [0, true, 'receiver_went_back'],
    [9, true, 'conflict'],
    [9, false, 'conflict'],
  ])('%i, with a source that can be read again: %s, is an error: %s', async (sequence, canReread, code) => {
    expect(await codeOf(() => ask(sequence, canReread))).toBe(code);
  });

  test('7, and not the 7 that was sent, has it from another shipper', async () => {
    expect(await codeOf(() => ask(7, true, 111, 222))).toBe('conflict');
    for (const [ours, theirs] of [
      [111, 111],
      [111, 0],
      [undefined, 222],
    ])
      ask(7, true, ours, theirs);
  });
});

test('a receiver that knows the files of a shipper which began anew: it is to begin at its word', async () => {
  expectStranger(READY);
  const positions = { '/var/log/app.log': { offset: 5, head: 'x', headBytes: 1 } };
  expect(await codeOf(() => expectStranger({ ...READY, positions }))).toBe('receiver_went_back');
});
