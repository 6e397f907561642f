/**
 * The event store, for clients in any language: thrift --gen py event_service.thrift
 *
 * Binary, compact and JSON protocols over buffered and framed transports, told apart on one port. Where other services are
 * on the same port the multiplexed name is EventService; without a name the method decides.
 */

namespace py logferry.events
namespace js logferry.events

/** Something that happened. */
struct Event {
  /** Who it is: the same id with the same content is stored once, with other content it is refused. 1 to 512 bytes of UTF-8. */
  1: string id,
  /** What kind of thing it is, `user.created`. 1 to 256 bytes of UTF-8. */
  2: string type,
  /** When it happened, in milliseconds since 1970. */
  3: i64 timestamp,
  /** Any bytes; JSON where a projection is to look into it. */
  4: binary payload
}

/** An event and its place in the store. */
struct StoredEvent {
  /** 1, 2, 3, … without gaps, in the order in which events can be read. */
  1: i64 position,
  2: Event event,
  /** The stream it was appended to, if it was to one. */
  3: optional string stream,
  /** Its number in that stream, from 1. */
  4: optional i64 version
}

/** Some events in order. */
struct Page {
  1: list<StoredEvent> events,
  /** What the next page is to be read after. */
  2: i64 readAfter,
  /** False: there is nothing more at the moment. True: there may be. */
  3: bool hasMore
}

/** What a projection made of all events up to a position. */
struct State {
  /** Of the last event in it; 0: none is. */
  1: i64 position,
  /** JSON. */
  2: binary state
}

/** What looking through the whole store found. */
struct Verification {
  /** How many there are. */
  1: i64 events,
  /** The last one's position, and its hash in hex: noted elsewhere they show later that nothing up to here was changed. */
  2: i64 position,
  3: string hash,
  4: i64 problemCount,
  /** The first hundred. */
  5: list<Problem> problems
}

struct Problem {
  1: i64 position,
  2: string what
}

/** A request that can't be answered however often it comes: an event out of its limits, a page of a negative length. */
exception InvalidRequest {
  1: string message,
  /** Which event of those in the request, from 0. */
  2: optional i32 index
}

/** An event of this id is there already, and is another one. Nothing of the request was stored. */
exception DuplicateConflict {
  1: string message,
  2: string id
}

/** The stream is at another version than was expected. Nothing of the request was stored. */
exception VersionConflict {
  1: string message,
  2: string stream,
  3: i64 actual
}

/** There is no projection of this name. */
exception UnknownProjection {
  1: string message,
  2: list<string> known
}

/** A projection's function threw at an event. The event is stored; the projection stays before it, the others go on. */
exception ProjectionFailed {
  1: string message,
  2: string projection,
  3: i64 position
}

/** The database is away, or can't take more. Of a request that writes it is not known whether it was done: sending it again is safe. */
exception StoreUnavailable {
  1: string message
}

service EventService {
  /**
   * Stores an event. It is committed when this returns: durable as far as the database is (PostgreSQL; the embedded one
   * outlives the end of its process, not a loss of power).
   *
   * What goes wrong with append and consume is told as a TApplicationException, which every client knows: one that was made
   * of these two methods alone would take an exception of the result for success.
   */
  void append(1: Event event),

  /** Stores an event and applies it to every projection: it is in their states, once, when this returns. */
  void consume(1: Event event),

  /** Stores all of these, 1 to 10000, or none; answers their positions. */
  list<i64> appendAll(1: list<Event> events)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 3: DuplicateConflict duplicate),

  /** Stores events as the next of a stream, if that holds `expectedVersion` events (0: none yet; -1: however many). Answers their positions. */
  list<i64> appendTo(1: string stream, 2: list<Event> events, 3: i64 expectedVersion)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 3: DuplicateConflict duplicate, 4: VersionConflict conflict),

  /** As consume, with exceptions of its own; answers the position. */
  i64 consumeEvent(1: Event event)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 3: DuplicateConflict duplicate, 5: ProjectionFailed failed),

  /** The events after a position (0: from the first on), at most `limit` (1 to 10000), fewer where they are large. */
  Page read(1: i64 after, 2: i32 limit)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable),

  /** The same, of one type. */
  Page readByType(1: string type, 2: i64 after, 3: i32 limit)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable),

  /** The events at these positions and all between, both included. As many as fit: where `hasMore`, ask again from readAfter + 1. */
  Page replay(1: i64 first, 2: i64 last)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable),

  /** The state of a projection at a time, in milliseconds since 1970: of all events that were not later, by their timestamps. */
  State state(1: string projection, 2: i64 at)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 5: ProjectionFailed failed, 6: UnknownProjection unknown),

  /** Its state right after the event of a position. */
  State stateAfter(1: string projection, 2: i64 position)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 5: ProjectionFailed failed, 6: UnknownProjection unknown),

  /** Its state with all events in it. */
  State currentState(1: string projection)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 5: ProjectionFailed failed, 6: UnknownProjection unknown),

  /** The names of all projections. */
  list<string> projections(),

  /** The position of the last event; 0 where there is none. */
  i64 head()
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable),

  /** Reads all events and holds them to their hashes and numbers: of many that takes its time. */
  Verification verify()
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable),

  /** Makes a projection anew from the first event on; its old state stands until that is done. Answers its position. */
  i64 rebuild(1: string projection)
    throws (1: InvalidRequest invalid, 2: StoreUnavailable unavailable, 5: ProjectionFailed failed, 6: UnknownProjection unknown)
}
