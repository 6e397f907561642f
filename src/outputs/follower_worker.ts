/** One follower in a thread of its own: the receiver's thread does not parse, and does not wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { stepBack } from '../base/step_back.ts';
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

const unable = stepBack();
if (unable !== undefined) say('info', `it runs at the receiver's own priority: ${unable.message}`);
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
