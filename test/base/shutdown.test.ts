import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { aborted } from '../../src/base/shutdown.ts';

const PROGRAM = `
import { aborted, stopSignal } from ${JSON.stringify(new URL('../../src/base/shutdown.ts', import.meta.url).href)};
const stop = stopSignal(Number(process.argv[1]), () => process.stdout.write('deadline '));
const busy = setInterval(() => undefined, 1000);
process.stdout.write('ready ');
await aborted(stop);
process.stdout.write('stopping ');
if (process.argv[2] === 'ends') clearInterval(busy);
`;

/** Runs the program with a deadline, sends each signal when it has said what stands before it, and tells how it ended. */
async function stopped(
  deadlineMs: number,
  how: 'ends' | 'hangs',
  signals: [string, NodeJS.Signals][],
): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, String(deadlineMs), how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    const next = signals[0];
    if (next === undefined || !said.includes(next[0])) return;
    signals.shift();
    child.kill(next[1]);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, said: said.trim() };
}

describe('a process', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'that gets %s finishes what it has and ends well',
    async (signal) => {
      expect(await stopped(60_000, 'ends', [['ready', signal]])).toEqual({ code: 0, said: 'ready stopping' });
    },
  );

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that gets %s a second time ends at once with %i', async (signal, code) => {
    const signals: [string, NodeJS.Signals][] = [
      ['ready', 'SIGTERM'],
      ['stopping', signal],
    ];
    expect(await stopped(60_000, 'hangs', signals)).toEqual({ code, said: 'ready stopping' });
  });

  test('that does not finish before the deadline says so and ends with 1', async () => {
    expect(await stopped(50, 'hangs', [['ready', 'SIGTERM']])).toEqual({
      code: 1,
      said: 'ready stopping deadline',
    });
  });
});

test('a signal that has aborted is not waited for', async () => {
  await aborted(AbortSignal.abort());
  const stop = new AbortController();
  const waiting = aborted(stop.signal);
  stop.abort();
  await waiting;
  expect(stop.signal.aborted).toBe(true);
});
