import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAX_POSITIONS_BYTES } from '../../src/wire/batch.ts';
import { FRAME } from '../../src/wire/frame.ts';
import { hexBlocks } from '../helpers/hex_blocks.ts';
import { GOLDEN } from './golden.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOC = await readFile(join(ROOT, 'docs/PROTOCOL.md'), 'utf8');

describe('docs/PROTOCOL.md', () => {
  const blocks = hexBlocks(DOC);

  test('shows every golden frame, and no other', () => {
    expect([...blocks.keys()].sort()).toEqual(GOLDEN.map(({ name }) => name).sort());
  });

  test.each(GOLDEN)('shows the bytes of $name', ({ name, bytes }) => {
    expect(blocks.get(name)?.toString('hex')).toBe(bytes.toString('hex'));
  });

  test('lists every frame type with its number', () => {
    const listed = [...DOC.matchAll(/^\| (\d+) \| ([A-Z]+) \|/gm)].map((match) => [
      match[2],
      Number(match[1]),
    ]);
    expect(Object.fromEntries(listed)).toEqual(FRAME);
  });

  test('lists every code, and no other', async () => {
    const source = await readFile(join(ROOT, 'src/wire/wire_error.ts'), 'utf8');
    const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map((match) => match[1]);
    const listed = [...DOC.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(codes.length).toBeGreaterThan(20);
    expect(listed.sort()).toEqual(codes.sort());
  });

  test('tells the limit of source positions', () => {
    expect(DOC).toContain(
      `| source positions of a batch | ${MAX_POSITIONS_BYTES.toLocaleString('en')} bytes |`,
    );
  });
});
