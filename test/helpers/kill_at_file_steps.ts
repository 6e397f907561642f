/**
 * Loaded into a program before it runs (`node --import`): kill -9 from within, at step KILL_AT (from 1) of what it does to
 * files and to Redis. A step that changes something is done first; something received is not handed on.
 */
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import process from 'node:process';

const KILL_AT = Number(process.env.KILL_AT);
let steps = 0;

function step(): void {
  steps += 1;
  if (steps === KILL_AT) process.kill(process.pid, 'SIGKILL');
}

type Work = (...args: unknown[]) => unknown;

/** Puts a step behind each call of these functions, whether they answer with a promise or not. */
function count(target: object, names: readonly string[]): void {
  const functions = target as Record<string, Work>;
  for (const name of names) {
    const work = functions[name] as Work;
    functions[name] = function (this: unknown, ...args: unknown[]) {
      const result = work.apply(this, args);
      if (!(result instanceof Promise)) step();
      return result instanceof Promise ? result.finally(step) : result;
    };
  }
}

count(fs, ['mkdirSync', 'openSync', 'writeSync']);
count(promises, ['mkdir', 'rename', 'appendFile']);
syncBuiltinESMExports();
const handle = await promises.open('/dev/null');
count(Object.getPrototypeOf(handle) as object, ['writeFile', 'write', 'datasync', 'sync', 'truncate']);
await handle.close();

const socket = Socket.prototype as unknown as Record<'uncork' | 'emit', Work>;
const { uncork, emit } = socket;
socket.uncork = function (...args) {
  const result = uncork.apply(this, args);
  step();
  return result;
};
socket.emit = function (...args) {
  if (args[0] === 'data') step();
  return emit.apply(this, args);
};
