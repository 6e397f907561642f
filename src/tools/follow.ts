/** `follow`: one output, in a process of its own. */
import { stat } from 'node:fs/promises';
import { forgetPlace } from '../archive/follower_places.ts';
import type { Logger } from '../base/logger.ts';
import { claimOutput, isFollowed } from '../outputs/claim.ts';
import { followArchive } from '../outputs/follower.ts';
import { keepFollowing } from '../outputs/keep_following.ts';
import { OUTPUT_NAMES, planOutput, type OutputName, type OutputSettings } from '../outputs/plans.ts';

export interface FollowWishes {
  /** Write the output anew, from the oldest entry on. */
  readonly isAnew: boolean;
  /** End when it has caught up. */
  readonly isOnce: boolean;
}

/** The output of this name. Throws for any other. */
export function outputNamed(name: string): OutputName {
  const known = OUTPUT_NAMES.find((one) => one === name);
  if (known === undefined)
    throw new Error(`there is no output ${name}: expected one of ${OUTPUT_NAMES.join(', ')}`);
  return known;
}

/**
 * Follows the archive into an output until the signal aborts, or, where wished, until it has caught up. Rejects where
 * another follower has the output; with `isOnce` also where it can't be written, which else is tried again and again.
 */
export async function follow(
  name: OutputName,
  settings: OutputSettings,
  { isAnew, isOnce }: FollowWishes,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const { folder } = settings;
  await stat(folder);
  const plan = planOutput(name, settings);
  await using held = new AsyncDisposableStack();
  held.use(await claimOutput(folder, plan));
  if (isAnew) await plan.reset();
  log.info({ output: name, file: plan.file }, `following ${folder} into ${plan.file}`);
  const options = { folder, plan, signal, found: (finding: string) => log.warn(finding) };
  if (!isOnce) {
    await keepFollowing({
      ...options,
      troubled: (error) => log.error(`${plan.file} can't be written, and is tried again: ${error.message}`),
      recovered: () => log.info(`${plan.file} is written again`),
    });
    return;
  }
  const { entries, malformed } = await followArchive({ ...options, isOnce });
  log.info({ output: name, entries, malformed }, `${plan.file} holds ${entries} entries`);
}

/** Forgets a follower that will not come back: retention keeps nothing for it any more. Throws where it lives, or is not known. */
export async function forget(folder: string, name: string): Promise<void> {
  if (await isFollowed(folder, name)) throw new Error(`the follower ${name} is running`);
  if (!(await forgetPlace(folder, name))) throw new Error(`no follower ${name} is known in ${folder}`);
}
