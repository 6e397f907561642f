/**
 * The library: an application's entries to a receiver, `import { createShipper } from 'logferry'`. A log call never waits
 * for the network and never throws; a thread of its own ships. docs/LIBRARY.md says what is kept when.
 */
import { resolve } from 'node:path';
import { librarySettings } from '../config/library.ts';
import { ApplicationShipper } from './application_shipper.ts';
import type { Shipper, ShipperOptions } from './shipper.ts';
import { warn } from './warn.ts';

export { ConfigError } from '../config/load.ts';
export type { LibraryOptions } from '../config/library.ts';
export type { ProblemCode } from './messages.ts';
export type { Shipper, ShipperCounts, ShipperOptions, ShipperProblem } from './shipper.ts';

/** Starts shipping to the receiver that the options name. Throws ConfigError with every problem they have, and for no other reason. */
export function createShipper({ onProblem = warn, ...options }: ShipperOptions = {}): Shipper {
  const { SPOOL_DIR, STATE_DIR } = librarySettings(options);
  // The application may change its folder, and the thread that ships begins later.
  const folders = { spoolDir: SPOOL_DIR === '' ? '' : resolve(SPOOL_DIR), stateDir: resolve(STATE_DIR) };
  return new ApplicationShipper({ ...options, ...folders }, onProblem);
}
