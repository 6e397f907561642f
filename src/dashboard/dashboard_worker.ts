/**
 * The thread that looks into entries for the dashboard: the receiver's thread does not. It does one thing at a time, each
 * when it is asked to.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { stepBack } from '../base/step_back.ts';
import type { EntryFilter } from './entry_filter.ts';
import type { EntryView } from './entry_view.ts';
import type { InsightBucket } from './insight.ts';
import { Sampler } from './sampler.ts';
import type { TailWord } from './watchers.ts';

/** What the receiver's thread asks for. */
export type Ask =
  | { readonly kind: 'moment'; readonly filters: readonly EntryFilter[] }
  | { readonly kind: 'welcome'; readonly viewer: number; readonly filter: EntryFilter };

/** What it is answered. */
export type Answer =
  | {
      readonly kind: 'moment';
      readonly words: readonly TailWord[];
      /** The newest three: those before may have been filled to their end. */
      readonly insight: readonly InsightBucket[];
    }
  | {
      readonly kind: 'welcome';
      readonly viewer: number;
      readonly latest: readonly EntryView[];
      readonly insight: readonly InsightBucket[];
    };

const { folder } = workerData as { readonly folder: string };
stepBack();
const sampler = new Sampler(folder);
let ordered: Promise<void> = sampler.past(Date.now());

parentPort?.on('message', (ask: Ask) => {
  ordered = ordered.then(async () => parentPort?.postMessage(await answer(ask)));
});

async function answer(ask: Ask): Promise<Answer> {
  const { insight } = sampler;
  if (ask.kind === 'welcome') return { ...ask, latest: sampler.latest(ask.filter), insight: insight.last() };
  const words = await sampler.moment(ask.filters);
  insight.reach(Date.now());
  return { kind: 'moment', words, insight: insight.last(3) };
}
