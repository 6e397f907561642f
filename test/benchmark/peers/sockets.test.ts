import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startProcess } from '../../../benchmark/measured_process.ts';
import { bytesSentTo, listening } from '../../../benchmark/peers/sockets.ts';
import { freePort } from '../../helpers/free_port.ts';
import { until } from '../../helpers/until.ts';

const never = (): AbortSignal => new AbortController().signal;
const node = (script: string): string[] => [process.execPath, '-e', script];

test('a program is waited for until it listens, without a connection to it', async () => {
  const port = await freePort();
  await using server = await startProcess(
    node(`setTimeout(() => net.createServer(() => console.log('connected')).listen(${port}, '127.0.0.1'), 200);
      process.on('SIGTERM', () => process.exit())`),
    never(),
  );
  await listening(port, server);
  server.kill('SIGTERM');
  expect((await server.finished).stdout).toBe('');
});

test('one that ends and never listened is an error that has its words', async () => {
  await using failing = await startProcess(node('console.error("no such option"); process.exit(2)'), never());
  await expect(listening(await freePort(), failing)).rejects.toThrow(/ended with 2.*\n.*no such option/);
});

test('the bytes of all connections to a port are counted, those back from it are not', async ({ skip }) => {
  await using server = createServer((socket) => socket.resume().write('answer')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  for (const socket of sockets) await once(socket.resume(), 'connect');
  if ((await bytesSentTo(port)) === null) skip('ss (of iproute2) is not installed');
  sockets[0]?.write(Buffer.alloc(1_000_000));
  sockets[1]?.write('x');
  await until('all bytes are acknowledged', async () => (await bytesSentTo(port)) === 1_000_001);
  for (const socket of sockets) socket.destroy();
});
