/** The output `events` in this thread, into a store that is open here: an embedded one can be opened once. */
import type { Logger } from '../../base/logger.ts';
import type { Settings } from '../../config/options.ts';
import type { EventStore } from '../../events/event_store.ts';
import { eventsOutput } from '../../outputs/events.ts';
import { claimWhenFree, keepFollowing } from '../../outputs/keep_following.ts';
import { storeSettings } from '../output_settings.ts';

/** Follows the archive into the store; disposing of the answer saves what was taken and ends it. */
export function followHere(settings: Settings, store: EventStore, log: Logger): AsyncDisposable {
  const stop = new AbortController();
  const running = follow(settings, store, stop.signal, log);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function follow(
  settings: Settings,
  store: EventStore,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const { DATA_DIR: folder } = settings;
  const { eventsFolder: place, maxPayloadBytes } = storeSettings(settings);
  const open = () => Promise.resolve(store);
  const plan = eventsOutput({ folder, place, open, isOwn: false, maxPayloadBytes });
  const troubles = {
    signal,
    troubled: (error: Error) =>
      log.error(`output events: it can't be written, and is tried again: ${error.message}`),
    recovered: () => log.info('output events: it is written again'),
  };
  await using claim = await claimWhenFree(folder, plan, troubles);
  const found = (finding: string): void => log.warn(`output events: ${finding}`);
  if (claim !== undefined) await keepFollowing({ ...troubles, folder, plan, found });
}
