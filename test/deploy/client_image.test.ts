/** What the image of the client is probed by, run as it is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../helpers/free_port.ts';

/** The probe's exit code. In the image are builds of what is here. */
async function probe(env: Record<string, string>): Promise<number | null> {
  const [, command = ''] =
    /HEALTHCHECK .*\\\n *CMD (\[.*\])/.exec(await readFile('Dockerfile.client', 'utf8')) ?? [];
  const [, ...args] = JSON.parse(command) as string[];
  const here = args.map((arg) => arg.replace(/\/app\/dist\/(.*?)\.js/, `${resolve('.')}/$1.ts`));
  const child = spawn(process.execPath, here, { env: { ...process.env, ...env }, stdio: 'ignore' });
  await once(child, 'exit');
  return child.exitCode;
}

test('it is healthy while one of its receivers can be reached', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const closed = await freePort();
  expect(await probe({ SERVER_HOST: '127.0.0.1', SERVER_PORT: `${port}` })).toBe(0);
  expect(await probe({ SERVER_HOST: `127.0.0.1:${closed},127.0.0.1:${port}` })).toBe(0);
  expect(await probe({ SERVER_HOST: '127.0.0.1', SERVER_PORT: `${closed}` })).toBe(1);
  expect(await probe({ SERVER_HOST: `127.0.0.1:${port}:no_port` })).toBe(1);
  server.close();
});
