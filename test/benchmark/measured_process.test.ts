import { expect, test } from 'vitest';
import { startProcess } from '../../benchmark/measured_process.ts';

const node = (script: string): string[] => [process.execPath, '-e', script];
const never = (): AbortSignal => new AbortController().signal;

const BUSY = 'const end = performance.now() + 300; while (performance.now() < end);';
const MEMORY = 'globalThis.kept = Buffer.alloc(200 * 2 ** 20, 1); setTimeout(() => undefined, 200);';

test('a process is told apart from its shell: its id, its output, its exit code', async () => {
  await using child = await startProcess(
    node('console.log(process.pid); console.error("to stderr"); process.exit(3)'),
    never(),
  );
  const { exitCode, stdout, stderr } = await child.finished;
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 3,
    stdout: `${child.pid}\n`,
    stderr: 'to stderr\n',
  });
});

test('CPU and wall time are those of the process', async () => {
  await using busy = await startProcess(node(BUSY), never());
  const { cpuSeconds, wallSeconds } = await busy.finished;
  expect(wallSeconds).toBeGreaterThan(0.3);
  expect(cpuSeconds).toBeGreaterThan(0);
});

test('peak memory is that of the process', async () => {
  await using large = await startProcess(node(MEMORY), never());
  const { peakBytes } = await large.finished;
  expect(peakBytes).toBeGreaterThan(200 * 2 ** 20);
  expect(peakBytes).toBeLessThan(400 * 2 ** 20);
});

test('a process that is over before anybody looks is measured all the same', async () => {
  const starting = startProcess(['true'], never());
  const heldUpUntil = performance.now() + 300;
  while (performance.now() < heldUpUntil);
  await using child = await starting;
  expect(child.pid).toBeGreaterThan(0);
  expect(await child.finished).toMatchObject({ exitCode: 0, wallSeconds: expect.any(Number) as number });
});

test('a process reads what it is given', async () => {
  await using child = await startProcess(['cat'], never(), { hasInput: true });
  child.stdin?.end('words');
  expect((await child.finished).stdout).toBe('words');
});

test('without that it has nothing to read', async () => {
  await using child = await startProcess(['cat'], never());
  expect(child.stdin).toBeNull();
  expect(await child.finished).toMatchObject({ exitCode: 0, stdout: '' });
});

test('a process sees nothing of our environment but PATH', async () => {
  process.env.LOGFERRY_SEEN = '1';
  await using child = await startProcess(node('console.log(process.env.LOGFERRY_SEEN)'), never());
  expect((await child.finished).stdout).toBe('undefined\n');
});

test.each([
  { how: 'disposed of', end: async (child: AsyncDisposable) => child[Symbol.asyncDispose]() },
  {
    how: 'its run is ended',
    end: (_child: AsyncDisposable, run: AbortController) => {
      run.abort();
      return Promise.resolve();
    },
  },
])('a process is killed when $how', async ({ end }) => {
  const run = new AbortController();
  await using child = await startProcess(node('setInterval(() => undefined, 1000)'), run.signal);
  await end(child, run);
  expect((await child.finished).exitCode).toBe(137);
  expect(() => process.kill(child.pid, 0)).toThrow('ESRCH');
});
