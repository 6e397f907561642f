import type { OptionName } from '../../config/options.ts';

/** Where a command that runs on may be looked at. */
export const METRICS_OPTIONS: readonly OptionName[] = ['METRICS_HOST', 'METRICS_PORT', 'METRICS_TOKEN'];
