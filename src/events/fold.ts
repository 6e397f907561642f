/** A projection over a run of events, in memory. */
import type { StoredEvent } from './event.ts';
import { ProjectionFailed } from './event_store_error.ts';
import type { Json, Projection } from './projection.ts';

/** How far a projection has come. */
export interface Progress {
  readonly position: number;
  /** The latest timestamp of all events up to there; undefined before the first. */
  readonly latest: bigint | undefined;
}

export const AT_START: Progress = { position: 0, latest: undefined };

export interface Folded {
  readonly progress: Progress;
  /** The states that changed, as JSON text, by key. */
  readonly changed: ReadonlyMap<string, string>;
  /** Why it came no further. */
  readonly failure?: ProjectionFailed;
}

const MAX_KEY_BYTES = 512;

/** Applies events in their order to `states`, which then hold what came of it; stops before an event at which it throws. */
export function fold(
  projection: Projection,
  from: Progress,
  states: Map<string, Json>,
  events: readonly StoredEvent[],
): Folded {
  const touched = new Set<string>();
  let { position, latest } = from;
  let failure: ProjectionFailed | undefined;
  for (const event of events) {
    try {
      const key = keyOf(projection, event);
      if (key !== undefined) {
        states.set(key, projection.apply(states.get(key) ?? projection.initial, event));
        touched.add(key);
      }
    } catch (cause) {
      failure = new ProjectionFailed(projection.name, event.position, cause);
      break;
    }
    position = event.position;
    latest = latest === undefined || event.timestamp > latest ? event.timestamp : latest;
  }
  try {
    const changed = new Map([...touched].map((key) => [key, textOf(states.get(key))]));
    return { progress: { position, latest }, changed, ...(failure && { failure }) };
  } catch (cause) {
    failure = new ProjectionFailed(projection.name, from.position + 1, cause);
    return { progress: from, changed: new Map(), failure };
  }
}

/** The keys of the states that these events change, up to one at which the projection throws. */
export function keysOf(projection: Projection, events: readonly StoredEvent[]): Set<string> {
  const keys = new Set<string>();
  for (const event of events) {
    try {
      const key = keyOf(projection, event);
      if (key !== undefined) keys.add(key);
    } catch {
      break;
    }
  }
  return keys;
}

/** Of a projection without keys, that of its only state. */
const ONLY_KEY = '';

function keyOf(projection: Projection, event: StoredEvent): string | undefined {
  if (projection.keyOf === undefined) return ONLY_KEY;
  const key = projection.keyOf(event);
  if (key === undefined) return undefined;
  if (!isKey(key)) throw new Error(`its key is no text of up to ${MAX_KEY_BYTES} bytes without NUL`);
  return key;
}

/** Whether a text may be a key: well-formed, without NUL, up to 512 bytes. */
export const isKey = (key: string): boolean =>
  Buffer.byteLength(key) <= MAX_KEY_BYTES && key.isWellFormed() && !key.includes('\0');

function textOf(state: Json | undefined): string {
  const text = JSON.stringify(state) as string | undefined;
  if (text === undefined) throw new Error('its state is nothing that JSON can hold');
  return text;
}

/** What a projection's states are to whoever asks: an object by key, or the only one. */
export function stateOf(projection: Projection, states: ReadonlyMap<string, Json>): Json {
  if (projection.keyOf === undefined) return states.get(ONLY_KEY) ?? projection.initial;
  return Object.fromEntries(states);
}
