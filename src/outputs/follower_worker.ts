/** One follower in a thread of its own: the receiver's thread does not parse, and does not wait. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { claimWhenFree, keepFollowing } from './keep_following.ts';
import { planOutput, type OutputName, type OutputSettings } from './plans.ts';

export interface FollowerOrders {
  readonly name: OutputName;
  readonly settings: OutputSettings;
}

/** What a follower has to say. */
export interface FollowerWord {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

const { name, settings } = workerData as FollowerOrders;
const stop = new AbortController();
const say = (level: FollowerWord['level'], text: string): void =>
  parentPort?.postMessage({ level, text } satisfies FollowerWord);

/** Any message is the one to stop. */
parentPort?.once('message', () => stop.abort());

stepBack();
const { folder } = settings;
const plan = planOutput(name, settings);
const troubles = {
  signal: stop.signal,
  troubled: (error: Error) => say('error', `it can't be written, and is tried again: ${error.message}`),
  recovered: () => say('info', 'it is written again'),
};
await using claim = await claimWhenFree(folder, plan, troubles);
if (claim !== undefined)
  await keepFollowing({ ...troubles, folder, plan, found: (finding) => say('warn', finding) });

/** Where processors are short the receiver goes first: Linux has a priority for each thread. Elsewhere they share alike. */
function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(
      Number(basename(readlinkSync('/proc/thread-self'))),
      constants.priority.PRIORITY_BELOW_NORMAL,
    );
  } catch (error) {
    say('info', `it runs at the receiver's own priority: ${(error as Error).message}`);
  }
}
