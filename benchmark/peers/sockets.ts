/** TCP of this machine, seen from outside of the programs that use it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { MeasuredProcess } from '../measured_process.ts';

const LOOK_EVERY_MS = 10;
const STATE_LISTEN = '0A';

/** Waits until a program listens on a port; no connection is made. Throws where it ends without. */
export async function listening(port: number, { finished }: MeasuredProcess): Promise<void> {
  const ended = finished.then(({ exitCode, stdout, stderr }) => {
    throw new Error(`it ended with ${exitCode} and did not listen:\n${stdout}${stderr}`);
  });
  ended.catch(() => undefined);
  while (!(await isListening(port))) await Promise.race([delay(LOOK_EVERY_MS), ended]);
}

async function isListening(port: number): Promise<boolean> {
  const sockets = await readFile('/proc/net/tcp', 'utf8');
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return sockets.split('\n').some((line) => {
    const at = line.indexOf(address);
    return at !== -1 && line.slice(at).split(' ', 3)[2] === STATE_LISTEN;
  });
}

/**
 * What the open connections to a port have brought there so far, as TCP counts it: bytes acknowledged, without those of
 * headers and those sent again. Null where the machine has no `ss` (of iproute2) to tell.
 */
export async function bytesSentTo(port: number): Promise<number | null> {
  const filter = ['-tinOH', 'state', 'established', 'dport', '=', `:${port}`];
  try {
    const { stdout } = await promisify(execFile)('ss', filter);
    const counts = [...stdout.matchAll(/bytes_acked:(\d+)/g)].map(([, count]) => Number(count));
    // The first packet, which carries nothing, counts as one byte.
    return counts.reduce((sum, count) => sum + count - 1, 0);
  } catch {
    return null;
  }
}
