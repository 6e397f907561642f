import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { writeSteadily } from '../../benchmark/steady_writer.ts';

const never = new AbortController().signal;

test('so many lines are written, each with its time, and not before they are due', async () => {
  const stream = new PassThrough();
  const written = text(stream);
  const atMs: number[] = [];
  const startedMs = performance.now();
  const { behindMs } = await writeSteadily(
    stream,
    { rate: 500, seconds: 0.2, line: () => `line ${atMs.length}\n` },
    atMs,
    never,
  );
  stream.end();
  expect(await written).toBe(Array.from({ length: 100 }, (_, n) => `line ${n}\n`).join(''));
  expect(atMs).toHaveLength(100);
  for (const [n, at] of atMs.entries()) {
    expect(at - startedMs).toBeGreaterThan(n * 2);
    expect(at - startedMs).toBeLessThan((n + 1) * 2 + behindMs + 1);
  }
});

test('it ends when told to', async () => {
  const run = new AbortController();
  const writing = writeSteadily(new PassThrough(), { rate: 1, seconds: 100, line: () => '' }, [], run.signal);
  run.abort();
  await expect(writing).rejects.toThrow('aborted');
});
