import type { Projection } from '../projection.ts';
import { countByType } from './count_by_type.ts';
import { lastByKey } from './last_by_key.ts';
import { logDashboard } from './log_dashboard.ts';

/** The projections every store has. One's own go beside them, into `EventStoreOptions.projections`. */
export const BUILT_IN_PROJECTIONS: readonly Projection[] = [countByType, lastByKey, logDashboard];
