import { expect, test } from 'vitest';
import { JsonLines } from '../../src/thrift/json_lines.ts';

const MAX_BYTES = 100_000;

test('what is written never takes more than is allowed, however large the buffer is', () => {
  const text = Buffer.alloc(30_000, 'x');
  for (const write of [
    (lines: JsonLines) => void lines.string(text, 0, text.length),
    (lines: JsonLines) => lines.ascii(text.toString()),
    (lines: JsonLines) => lines.integer(1_234_567),
    (lines: JsonLines) => lines.integer(2n ** 63n),
  ]) {
    const lines = new JsonLines(MAX_BYTES);
    expect(() => {
      for (let times = 0; times < MAX_BYTES; times += 1) write(lines);
    }).toThrow(`more than ${MAX_BYTES} bytes`);
    expect(lines.length).toBeLessThanOrEqual(MAX_BYTES);
    expect(lines.length).toBeGreaterThan(MAX_BYTES - text.length - 2);
  }
});
