import type { Json, Projection } from '../projection.ts';
import { isKey } from '../fold.ts';
import { payloadOf, timeOf } from './payload.ts';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['WARNING', 'WARN'],
  ['ERR', 'ERROR'],
  ['CRITICAL', 'FATAL'],
]);
const ALARMS = ['ERROR', 'FATAL'];

/** Minutes that are counted, back from the latest. */
const MINUTES = 60;
const MINUTE_MS = 60_000n;

const MAX_MESSAGE = 500;

/** A service, over all of its events. */
interface Service {
  readonly [key: string]: Json;
  readonly total: number;
  /** How many there are of each level; of what is none, under OTHER. */
  readonly levels: { readonly [level: string]: number };
  /** The last hour of events: minutes since 1970, events, errors. */
  readonly minutes: readonly (readonly [minute: number, events: number, errors: number])[];
  readonly last_error: Json;
}

/** Of entries as events (JSON with `level`, `service`, `message`): levels, events a minute and the last error of each service. */
export const logDashboard: Projection<Service> = {
  name: 'log_dashboard',
  version: 1,
  help: 'of log entries: levels, events a minute over the last hour of events and the last error, by service',
  keyOf({ payload }) {
    const entry = payloadOf(payload);
    if (entry?.level === undefined) return undefined;
    const { service, service_name } = entry;
    const name = service ?? service_name;
    return typeof name === 'string' && name !== '' && isKey(name) ? name : '-';
  },
  initial: { total: 0, levels: {}, minutes: [], last_error: null },
  apply(service, { payload, timestamp, position }) {
    const { level: given, message } = payloadOf(payload) ?? {};
    const level = levelOf(given);
    const isError = ALARMS.includes(level);
    return {
      total: service.total + 1,
      levels: { ...service.levels, [level]: (service.levels[level] ?? 0) + 1 },
      minutes: counted(service.minutes, Number(timestamp / MINUTE_MS), isError ? 1 : 0),
      last_error: isError
        ? { position, timestamp: timeOf(timestamp), level, message: textOf(message) }
        : service.last_error,
    };
  },
};

function levelOf(given: Json | undefined): string {
  const name = typeof given === 'string' ? given.toUpperCase() : '';
  const level = SYNONYMS.get(name) ?? name;
  return (LEVELS as readonly string[]).includes(level) ? level : 'OTHER';
}

const textOf = (message: Json | undefined): Json =>
  typeof message === 'string' ? message.slice(0, MAX_MESSAGE).toWellFormed() : null;

/** One event more in its minute; minutes that the latest one leaves an hour behind go. */
function counted(minutes: Service['minutes'], minute: number, errors: number): Service['minutes'] {
  const at = minutes.findIndex(([known]) => known === minute);
  if (at !== -1)
    return minutes.map((row, index) => (index === at ? [minute, row[1] + 1, row[2] + errors] : row));
  const all: Service['minutes'] = [...minutes, [minute, 1, errors]];
  const latest = all.reduce((most, [known]) => Math.max(most, known), -Infinity);
  return all.filter(([known]) => known > latest - MINUTES).toSorted(([a], [b]) => a - b);
}
