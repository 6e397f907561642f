import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../../../base/logger.ts';
import type { Settings } from '../../../config/options.ts';
import type { Spool } from '../../../shipper/spool/spool.ts';

/** The commands that ship. */
export type ShippingCommand = 'generate' | 'send' | 'tail' | 'pipe' | 'replay';

/** Commands whose source can be read again: they need no spool. */
const REREADABLE: readonly ShippingCommand[] = ['send', 'tail', 'replay'];

const isSpooled = (command: ShippingCommand, { SPOOL_DIR }: Settings): boolean =>
  SPOOL_DIR !== '' && !REREADABLE.includes(command);

/** Where batches wait on disk, opened; undefined where a command needs none. */
export async function spoolFor(
  command: ShippingCommand,
  settings: Settings,
  log: Logger,
): Promise<Spool | undefined> {
  if (!isSpooled(command, settings)) return undefined;
  const { Spool } = await import('../../../shipper/spool/spool.ts');
  const { SPOOL_DIR: folder, SPOOL_MAX_BYTES: maxBytes, SPOOL_FULL: full, SPOOL_FSYNC: fsync } = settings;
  return Spool.open({ folder, maxBytes, full, fsync, log, now: Date.now });
}

/** The id to ship under: that of the spool where there is one, so that what waits in it keeps its own. */
export async function shipperIdFor(
  command: ShippingCommand,
  paths: string[],
  settings: Settings,
): Promise<string> {
  const { shipperIdOf } = await import('../../../shipper/shipper_id.ts');
  const nonce = randomBytes(4).toString('hex');
  const template = settings.SHIPPER_ID;
  const make = (): string =>
    shipperIdOf({
      template,
      hostname: hostname(),
      pid: process.pid,
      command,
      paths,
      nonce,
    });
  if (!isSpooled(command, settings)) return make();
  const { spoolShipperId } = await import('../../../shipper/spool/spool_id.ts');
  return spoolShipperId(settings.SPOOL_DIR, template === '' ? undefined : make(), make);
}
