import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockInfo } from '../../../src/archive/block.ts';
import { encodeHeader } from '../../../src/archive/block.ts';
import type { ResumePoint } from '../../../src/archive/commit_log.ts';
import { advance } from '../../../src/archive/resume.ts';
import { ShipperPlace } from '../../../src/archive/shipper_place.ts';
import type { SourcePosition } from '../../../src/entry.ts';
import { placeBlocks } from '../../../src/tools/move/place_blocks.ts';
import { standingOf } from '../../../src/tools/move/standing.ts';

const at = (offset: number): SourcePosition => ({ offset, head: 'ab', headBytes: 1 });

function apply(have: ResumePoint | undefined, blocks: readonly BlockInfo[]): ResumePoint | undefined {
  let point = structuredClone(have);
  const place = new ShipperPlace(structuredClone(have));
  for (const info of blocks) {
    const block = { ...info, body: Buffer.alloc(0) };
    expect(place.isNext(block)).toBe(true);
    place.take(block, Promise.resolve('stored'));
    expect(encodeHeader(info).length).toBeLessThan(0xffff);
    point = advance(point, info);
  }
  return point;
}

const place: ResumePoint = {
  epoch: 3,
  sequence: 40,
  crc: 400,
  positions: { '/a': at(10), '/b': at(20) },
  rejected: [{ sequence: 38, code: 'bad_json' }],
  earlier: [
    { epoch: 2, sequence: 7, crc: 70 },
    { epoch: 1, sequence: 20, crc: 200 },
  ],
};

describe('the blocks that bring an archive to a place', () => {
  test('a stranger: only the last number of each epoch is said to be elsewhere', () => {
    const blocks = placeBlocks('a', place, undefined, 5);
    expect(blocks.map(({ epoch, sequence, gap }) => [epoch, gap?.from, sequence])).toEqual([
      [1, 20, 20],
      [2, 7, 7],
      [3, 38, 38],
      [3, 39, 40],
      [3, 41, 40],
    ]);
    expect(apply(undefined, blocks)).toEqual(place);
  });

  test('one that has a part goes on behind it', () => {
    const have: ResumePoint = { epoch: 3, sequence: 39, crc: 1, positions: { '/a': at(10), '/gone': at(1) } };
    const blocks = placeBlocks('a', { ...place, earlier: [] }, have, 5);
    expect(blocks).toMatchObject([
      { sequence: 40, positions: {}, gap: { from: 40, elsewhere: true, crc: 400 } },
      { sequence: 40, positions: { '/b': at(20), '/gone': { isGone: true } }, gap: { from: 41 } },
    ]);
    expect(apply(have, blocks)?.positions).toEqual(place.positions);
  });

  test('one that stands there needs nothing, one that lacks positions gets them', () => {
    expect(placeBlocks('a', place, place, 5)).toEqual([]);
    const blocks = placeBlocks('a', place, { ...place, positions: {} }, 5);
    expect(blocks).toMatchObject([{ sequence: 40, positions: place.positions, gap: { from: 41 } }]);
    expect(apply({ ...place, positions: {} }, blocks)).toEqual(place);
  });

  test('very many positions are divided among headers', () => {
    const names = Array.from({ length: 3000 }, (_, n) => [`/var/log/some/where/${n}.log`, at(n)]);
    const many = { ...place, positions: Object.fromEntries(names) as ResumePoint['positions'] };
    const blocks = placeBlocks('a', many, undefined, 5);
    expect(blocks.length).toBeGreaterThan(6);
    expect(apply(undefined, blocks)).toEqual(many);
  });

  test('a source may have any name', () => {
    const odd = JSON.parse(
      '{"__proto__": {"offset": 1, "head": "", "headBytes": 0}}',
    ) as ResumePoint['positions'];
    const blocks = placeBlocks('a', { ...place, positions: odd }, undefined, 5);
    expect(Object.keys(apply(undefined, blocks)?.positions ?? {})).toEqual(['__proto__']);
  });
});

interface LifeStep {
  readonly newEpoch: boolean;
  readonly isRejected: boolean;
  readonly source: string;
  readonly isGone: boolean;
}

/** A shipper's life: batches, some rejected, in epochs that follow one another. */
const life = fc.array(
  fc.record<LifeStep>({
    newEpoch: fc.boolean(),
    isRejected: fc.boolean(),
    source: fc.constantFrom('/a', '/b', '/c'),
    isGone: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

function blocksOf(steps: readonly LifeStep[]): BlockInfo[] {
  let [epoch, sequence] = [1, 0];
  return steps.map(({ newEpoch, isRejected, source, isGone }, n) => {
    if (newEpoch) [epoch, sequence] = [epoch + 1, 0];
    sequence += 1;
    const moved = isGone ? { ...at(n), isGone: true as const } : at(n);
    const rejected = { from: sequence, entries: 1, reason: 'rejected', rejected: 'bad_json' };
    return {
      ...{ shipperId: 'a', epoch, sequence, receivedAtMs: 1, count: 1, rawLength: 1 },
      crc: isRejected ? 0 : n + 1,
      positions: { [source]: moved },
      ...(isRejected ? { gap: rejected } : {}),
    };
  });
}

test('whatever prefix of a life an archive has, and wherever it was killed on the way, it ends at the place', () => {
  fc.assert(
    fc.property(life, fc.nat(), fc.nat(), (steps, prefix, killedAt) => {
      const blocks = blocksOf(steps);
      const whole = apply(undefined, blocks) as ResumePoint;
      const have = apply(undefined, blocks.slice(0, prefix % (blocks.length + 1)));
      const moved = placeBlocks('a', whole, have, 5);
      const killed = apply(have, moved.slice(0, killedAt % (moved.length + 1)));
      const end = apply(killed, placeBlocks('a', whole, killed, 5)) as ResumePoint;
      expect(end).toEqual(whole);
      expect(standingOf(end, whole)).toBe('same');
      if (have !== undefined) expect(['same', 'behind']).toContain(standingOf(have, whole));
    }),
  );
});
