import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Where processors are short the receiver goes before the thread that calls this: Linux has a priority for each thread.
 * Elsewhere they share alike. The answer is why it did not work, where it should have.
 */
export function stepBack(): Error | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    setPriority(
      Number(basename(readlinkSync('/proc/thread-self'))),
      constants.priority.PRIORITY_BELOW_NORMAL,
    );
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
