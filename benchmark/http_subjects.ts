/** What the `http` workload measures: an endpoint that keeps what it takes in one place or another, or nowhere. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../test/helpers/free_port.ts';
import { SERVER } from './fresh_build.ts';
import { startProcess, type MeasuredProcess } from './measured_process.ts';
import { succeeded, verifyArchive } from './product.ts';
import { saidBy } from './said_by.ts';

export interface HttpSubject extends AsyncDisposable {
  readonly port: number;
  /** The endpoint's own. */
  readonly pid: number;
  /** Ends it in order. Throws where it does not hold exactly so many events. */
  stop(events: number): Promise<void>;
}

export type StartSubject = (folder: string, signal: AbortSignal) => Promise<HttpSubject>;

const BARE = join(import.meta.dirname, 'bare_endpoint.ts');

/** Files are written by nobody meanwhile: it is the buffers that are measured. */
const FLAGS = ['http', '--http-port', '0', '--drain-enabled', 'false'];

export const startBare: StartSubject = (_folder, signal) =>
  startSubject([process.execPath, BARE], signal, () => Promise.resolve());

export const startArchive: StartSubject = (folder, signal) => {
  const dataDir = join(folder, 'data');
  const flags = [...FLAGS, '--data-dir', dataDir, '--output-dir', folder];
  return startSubject([process.execPath, SERVER, ...flags], signal, async (events) => {
    await verifyArchive(dataDir, events, signal);
  });
};

export const startRedis: StartSubject = async (folder, signal) => {
  await using stack = new AsyncDisposableStack();
  const redisPort = await freePort();
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  stack.use(
    await startProcess(
      ['redis-server', '--port', String(redisPort), '--bind', '127.0.0.1', '--dir', folder, ...durable],
      signal,
    ),
  );
  await hasRedis(redisPort, signal);
  const flags = [...FLAGS, '--http-buffer', 'redis', '--redis-url', `redis://127.0.0.1:${redisPort}`];
  const subject = stack.use(
    await startSubject(
      [process.execPath, SERVER, ...flags, '--output-dir', folder],
      signal,
      async (events) => {
        const found = await entriesIn(redisPort);
        if (found !== events)
          throw new Error(`Redis holds ${found} entries, and ${events} were answered with 200`);
      },
    ),
  );
  const held = stack.move();
  return { ...subject, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
};

async function startSubject(
  command: readonly string[],
  signal: AbortSignal,
  check: (events: number) => Promise<void>,
): Promise<HttpSubject> {
  const endpoint: MeasuredProcess = await startProcess(command, signal);
  try {
    const [, port] = await saidBy(endpoint, /"httpPort":(\d+)/);
    return {
      port: Number(port),
      pid: endpoint.pid,
      async stop(events) {
        endpoint.kill('SIGTERM');
        succeeded('the endpoint', await endpoint.finished, signal);
        await check(events);
      },
      [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
    };
  } catch (error) {
    await endpoint[Symbol.asyncDispose]();
    throw error;
  }
}

async function hasRedis(port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if ((await askRedis(port, 'PING').catch(() => '')).startsWith('+PONG')) return;
  }
}

/** The length of all lists together. */
async function entriesIn(port: number): Promise<number> {
  const sum = `local n = 0 for _, k in ipairs(redis.call('KEYS', 'logs:user_*')) do n = n + redis.call('LLEN', k) end return n`;
  return Number(/^:(\d+)/.exec(await askRedis(port, `EVAL "${sum}" 0`))?.[1]);
}

/** A command as a line, and the first bytes of its reply. */
async function askRedis(port: number, command: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    socket.write(`${command}\r\n`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    return reply.toString();
  } finally {
    socket.destroy();
  }
}
