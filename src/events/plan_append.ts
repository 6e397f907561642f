/** Which events of some calls are to be stored, and where: decided with nothing but what the store holds at that moment. */
import type { AppendRequest, Appended } from './append_request.ts';
import type { NewEvent, StoredEvent } from './event.ts';
import { DuplicateConflict, VersionConflict } from './event_store_error.ts';

/** What the store holds, as far as these calls are concerned. */
export interface Stand {
  /** The last event's position. */
  readonly position: number;
  /** Stored events that have an id of the calls' events. */
  readonly known: readonly StoredEvent[];
  /** How many events the calls' streams hold; none where a stream is missing here. */
  readonly versions: ReadonlyMap<string, number>;
}

export interface AppendPlan {
  /** To be stored, behind the last event. */
  readonly events: readonly StoredEvent[];
  /** One for each call: where its events lie, or why nothing of it is stored. */
  readonly answers: readonly (readonly Appended[] | DuplicateConflict | VersionConflict)[];
}

/** Calls come one after the other: each finds what those before it are going to store. */
export function planAppend(stand: Stand, requests: readonly AppendRequest[]): AppendPlan {
  const events: StoredEvent[] = [];
  const byId = new Map(stand.known.map((event) => [event.id, event]));
  const versions = new Map(stand.versions);
  const answers = requests.map((request) => {
    const place = {
      position: stand.position + events.length,
      version: versions.get(request.stream ?? '') ?? 0,
    };
    const planned = planOne(request, byId, place);
    if (planned instanceof Error) return planned;
    for (const event of planned.fresh) byId.set(event.id, event);
    events.push(...planned.fresh);
    if (request.stream !== undefined) versions.set(request.stream, place.version + planned.fresh.length);
    return planned.appended;
  });
  return { events, answers };
}

interface Planned {
  readonly fresh: readonly StoredEvent[];
  readonly appended: readonly Appended[];
}

function planOne(
  { events, stream, expectedVersion }: AppendRequest,
  stored: ReadonlyMap<string, StoredEvent>,
  last: { readonly position: number; readonly version: number },
): Planned | DuplicateConflict | VersionConflict {
  const fresh = new Map<string, StoredEvent>();
  const appended: Appended[] = [];
  for (const event of events) {
    const before = stored.get(event.id) ?? fresh.get(event.id);
    if (before !== undefined && !isSame(before, event, stream))
      return new DuplicateConflict(event.id, fresh.has(event.id) ? undefined : before.position);
    const there = before ?? placed(event, stream, last, fresh.size + 1);
    if (before === undefined) fresh.set(event.id, there);
    appended.push({ position: there.position, isNew: before === undefined });
  }
  // A call that comes again finds its own events and is not refused for them.
  if (
    stream !== undefined &&
    expectedVersion !== undefined &&
    fresh.size > 0 &&
    last.version !== expectedVersion
  )
    return new VersionConflict(stream, expectedVersion, last.version);
  return { fresh: [...fresh.values()], appended };
}

function placed(
  { id, type, timestamp, payload }: NewEvent,
  stream: string | undefined,
  last: { readonly position: number; readonly version: number },
  ahead: number,
): StoredEvent {
  const event = { id, type, timestamp, payload: bufferOf(payload), position: last.position + ahead };
  return stream === undefined ? event : { ...event, stream, version: last.version + ahead };
}

const isSame = (stored: StoredEvent, event: NewEvent, stream: string | undefined): boolean =>
  stored.type === event.type &&
  stored.timestamp === event.timestamp &&
  stored.stream === stream &&
  stored.payload.equals(event.payload);

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
