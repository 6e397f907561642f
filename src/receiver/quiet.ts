import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A plain peer can't be told to stop: at shutdown it is read until it has been quiet for so long. */
const PLAIN_QUIET_MS = 100;
const PLAIN_GRACE_MS = 3000;

/** Settles when a plain peer has sent nothing for a moment, has closed, or just goes on and on. */
export async function quiet(socket: Socket): Promise<void> {
  const looks = PLAIN_GRACE_MS / PLAIN_QUIET_MS;
  let before = -1;
  for (let look = 0; look < looks && before !== socket.bytesRead && !socket.destroyed; look += 1) {
    before = socket.bytesRead;
    await delay(PLAIN_QUIET_MS);
  }
}
