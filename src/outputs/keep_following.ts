import { setTimeout as delay } from 'node:timers/promises';
import { claimOutput } from './claim.ts';
import { followArchive, type FollowOptions } from './follower.ts';
import type { OutputPlan } from './output.ts';

export interface Troubles {
  /** It fails (disk full, database locked) and is tried again until it works. Told once, and again where the reason changes. */
  readonly troubled: (error: Error) => void;
  readonly recovered: () => void;
}

export type KeepFollowingOptions = Omit<FollowOptions, 'isOnce' | 'onSave'> &
  Troubles & { readonly retryAfterMs?: number };

/** Follows until the signal aborts, whatever happens to the output; after an error it begins where it was saved last. */
export function keepFollowing(options: KeepFollowingOptions): Promise<void> {
  return untilItWorks(options, async (recovered) => {
    await followArchive({ ...options, onSave: recovered });
  });
}

/** Waits until no other follower has the output, and takes it; undefined where the signal aborts before. */
export async function claimWhenFree(
  folder: string,
  plan: OutputPlan,
  options: Troubles & { readonly signal: AbortSignal },
): Promise<AsyncDisposable | undefined> {
  let claim: AsyncDisposable | undefined;
  await untilItWorks(options, async (recovered) => {
    claim = await claimOutput(folder, plan);
    recovered();
  });
  return claim;
}

async function untilItWorks(
  {
    signal,
    troubled,
    recovered,
    retryAfterMs = 1000,
  }: Troubles & { readonly signal: AbortSignal; readonly retryAfterMs?: number },
  work: (works: () => void) => Promise<void>,
): Promise<void> {
  let trouble: string | undefined;
  const works = (): void => {
    if (trouble !== undefined) recovered();
    trouble = undefined;
  };
  while (!signal.aborted) {
    try {
      await work(works);
      return;
    } catch (error) {
      if (trouble !== (error as Error).message) troubled(error as Error);
      trouble = (error as Error).message;
      await delay(retryAfterMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
