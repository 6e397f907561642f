import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, realpath, rmdir, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A turn older than this was left behind by a killed process. */
const TURN_MS = 2000;

/** The system's bound on a socket's path, with room for its closing zero. */
const MAX_SOCKET_PATH = 100;

/**
 * Takes a folder for this process; undefined where a living process has it. The lock is a listening socket in the
 * folder: it dies with its process however that ends, and holds between containers that share the folder.
 * The answer gives it back.
 */
export async function lockFolder(folder: string): Promise<(() => Promise<void>) | undefined> {
  const path = await socketPath(folder);
  const server = (await listen(path)) ?? (await listenOverDead(path));
  if (server === undefined) return undefined;
  server.unref();
  return async () => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
}

/** True while a living process holds the lock of `folder`. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  return (await stateOf(await socketPath(folder))) === 'alive';
}

async function socketPath(folder: string): Promise<string> {
  const real = await realpath(folder);
  const inside = join(real, 'lock.sock');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  return join(tmpdir(), `logferry-${createHash('sha256').update(real).digest('hex').slice(0, 32)}.sock`);
}

async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Takes over a socket that a killed process left behind. */
async function listenOverDead(path: string): Promise<Server | undefined> {
  while (!(await takeTurn(`${path}.turn`))) {
    if ((await stateOf(path)) === 'alive') return undefined;
    await delay(20);
  }
  try {
    const state = await stateOf(path);
    if (state === 'alive') return undefined;
    if (state === 'dead') await unlink(path);
    return await listen(path);
  } finally {
    await rmdir(`${path}.turn`).catch(unlessAbsent);
  }
}

/** Only one process at a time may remove a dead socket: another would remove the living one that took its place. */
async function takeTurn(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const turn = await stat(folder).catch(unlessAbsent);
  if (turn !== undefined && Date.now() - turn.mtimeMs < TURN_MS) return false;
  if (turn !== undefined) await rmdir(folder).catch(unlessAbsent);
  return takeTurn(folder);
}

/** What another has removed meanwhile is nothing; anything else is an error. */
function unlessAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/**
 * `dead` is a socket that nobody can bind before it is removed. One that is absent is anybody's: removing what is there
 * a moment later would remove a living one. A socket too busy to be connected to has a process behind it.
 */
async function stateOf(path: string): Promise<'alive' | 'dead' | 'absent'> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return 'alive';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' ? 'dead' : code === 'ENOENT' ? 'absent' : 'alive';
  } finally {
    socket.destroy();
  }
}
