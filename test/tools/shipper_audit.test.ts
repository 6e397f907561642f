import { describe, expect, test } from 'vitest';
import type { BlockHeader } from '../../src/archive/block.ts';
import { ShipperAudit } from '../../src/tools/shipper_audit.ts';

const header = (sequence: number, changes: Partial<BlockHeader> = {}): BlockHeader => ({
  shipperId: 'a',
  epoch: 1,
  sequence,
  receivedAtMs: 0,
  count: 10,
  rawLength: 0,
  crc: 0,
  positions: {},
  memberLength: 0,
  durableBytes: 0,
  ...changes,
});
const gap = (from: number, to: number, entries = 7): BlockHeader =>
  header(to, { count: 0, gap: { from, entries, reason: 'spool full' } });

/** What the audit says of each block, in order. */
function audited(...blocks: BlockHeader[]): { said: (string | undefined)[]; summary: string } {
  const audit = new ShipperAudit('a');
  return { said: blocks.map((block) => audit.follow(block)), summary: audit.summary() };
}

describe('an audit has nothing to say of', () => {
  test.each([
    [
      'sequences that rise by one, from anywhere',
      [header(5), header(6), header(7)],
      'a: sequences 5 to 7, 30 entries',
    ],
    [
      'a declared gap',
      [header(1), gap(2, 4), header(5)],
      'a: sequences 1 to 5, 20 entries, 7 entries declared lost',
    ],
    [
      'a gap at the start',
      [gap(1, 3), header(4)],
      'a: sequences 1 to 4, 10 entries, 7 entries declared lost',
    ],
    [
      'a gap that does not know its entries, and says that there is one',
      [header(1), gap(2, 4, 0), gap(5, 5), gap(6, 6, 0)],
      'a: sequences 1 to 6, 10 entries, 7 entries declared lost, 4 batches declared lost without a count of entries',
    ],
    [
      'a new epoch',
      [header(8), header(1, { epoch: 2 }), header(2, { epoch: 2 })],
      'a: sequences 8 to 8 and 1 to 2, 30 entries',
    ],
  ])('%s', (_, blocks, summary) => {
    expect(audited(...blocks)).toEqual({ said: blocks.map(() => undefined), summary });
  });
});

describe('an audit names', () => {
  test.each([
    ['missing sequences', [header(1), header(4)], 'a misses sequences 2 to 3'],
    ['sequences missing before a gap', [header(1), gap(3, 4)], 'a misses sequences 2 to 2'],
    ['a repeated sequence', [header(1), header(2), header(2)], 'a repeats sequence 2 (3 was next)'],
    ['a gap over what is there', [header(1), header(2), gap(2, 5)], 'a repeats sequence 2 (3 was next)'],
  ])('%s', (_, blocks, problem) => {
    expect(audited(...blocks).said.at(-1)).toBe(problem);
  });

  test('a repeated sequence once, and goes on where it was', () => {
    expect(audited(header(1), header(2), header(1), header(3)).said).toEqual([
      undefined,
      undefined,
      'a repeats sequence 1 (3 was next)',
      undefined,
    ]);
  });

  test('no hole where a segment was deleted meanwhile, but a repeat all the same, and the next hole', () => {
    const audit = new ShipperAudit('a');
    audit.follow(header(1));
    audit.excuseHole();
    expect([header(4), header(6)].map((block) => audit.follow(block))).toEqual([
      undefined,
      'a misses sequences 5 to 5',
    ]);
    audit.excuseHole();
    expect(audit.follow(header(6))).toBe('a repeats sequence 6 (7 was next)');
  });
});
