import { describe, expect, test } from 'vitest';
import { isReceiverWithUs } from '../../src/shipper/resume.ts';
import { codeOf } from '../helpers/errors.ts';

const ask = (sequence: number, canReread: boolean, ours?: number, theirs?: number): boolean =>
  isReceiverWithUs(
    { epoch: 1, sequence, positions: {}, windowBytes: 1, ...(theirs === undefined ? {} : { crc: theirs }) },
    { shipperId: 'a', acknowledged: 5, highestSent: 8, crc: ours, canReread },
  );

describe('batch 5 is acknowledged and batch 8 sent; a receiver that has', () => {
  test.each([
    [5, true],
    [6, true],
    [8, true],
  ])('%i is where it was or further', (sequence, expected) => {
    expect([ask(sequence, true), ask(sequence, false)]).toEqual([expected, expected]);
  });

  test('4 went back: told by a GAP where nothing can be read again', () => {
    expect(ask(4, false)).toBe(false);
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
    expect(ask(7, true, 111, 111), 'the same content').toBe(true);
    expect(ask(7, true, 111, 0), 'a gap, a rejected batch').toBe(true);
    expect(ask(7, true, undefined, 222), 'no longer known here').toBe(true);
  });
});
