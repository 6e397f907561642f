/** What can be made of events: a state, by a function that has nothing but the state so far and the next event. */
import type { StoredEvent } from './event.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A pure function over all events in their order. With `keyOf` it has a state for each key, and only the states of keys that
 * come are read and written: a projection of many keys is one of many small states.
 */
export interface Projection<State extends Json = Json> {
  readonly name: string;
  /** One more whenever `apply` or `keyOf` changes what it answers: the states are then made anew, beside the old ones. */
  readonly version: number;
  readonly help: string;
  /** The key of the event's state, up to 512 bytes; undefined where the event changes no state. */
  readonly keyOf?: (event: StoredEvent) => string | undefined;
  readonly initial: State;
  /** The state after the event. Changes nothing, asks no clock; what it throws stops this projection at this event. */
  apply(state: State, event: StoredEvent): State;
}
