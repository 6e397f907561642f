/** The dashboard as the options say. */
import type { Logger } from '../../base/logger.ts';
import type { ShownOption } from '../../config/load.ts';
import type { Settings } from '../../config/options.ts';
import { openDashboard, type Dashboard } from '../../dashboard/dashboard.ts';
import type { Live } from '../../monitor/live.ts';
import { isLoopback } from '../../monitor/server/host_check.ts';

export interface ShownReceiver {
  readonly live: Live;
  /** False where Redis takes the place of the archive. */
  readonly hasArchive: boolean;
  readonly shownOptions: () => readonly ShownOption[];
}

/** Its pages, to be served; nothing is looked at before somebody asks. */
export function openDashboardOf(
  settings: Settings,
  { live, hasArchive, shownOptions }: ShownReceiver,
  log: Logger,
): Promise<Dashboard> {
  const { DATA_DIR: folder, DASHBOARD_TOKEN: token, DASHBOARD_MAX_VIEWERS: maxViewers } = settings;
  if (token === '' && !isLoopback(settings.DASHBOARD_HOST))
    log.warn(
      `DASHBOARD_HOST is ${settings.DASHBOARD_HOST}, and DASHBOARD_TOKEN is not set: whoever reaches the port can read every log`,
    );
  return openDashboard({
    ...(hasArchive ? { folder } : {}),
    ...(token === '' ? {} : { token }),
    maxViewers,
    live,
    configuration: shownOptions(),
    log,
  });
}
