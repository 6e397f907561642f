/**
 * Log entries, for clients in any language: thrift --gen py log_event.thrift
 *
 * Binary, compact and JSON protocols over buffered and framed transports, told apart on one port. Where other services are
 * on the same port the multiplexed name is LogIngestionService; without a name the method decides.
 */

namespace py logferry.logs

/**
 * One log entry. A field that is not set is not in the archive either, and fields with other ids than these are kept there
 * by their ids. A field with one of these ids and another type is refused.
 */
struct LogEvent {
  /** When it was logged, in milliseconds since 1970. */
  1: i64 timestamp,
  /** What logged it. The word service is reserved; names are not on the wire, ids are. */
  2: string service_name,
  /** Where that ran. */
  3: string host,
  4: string message,
  /** INFO, ERROR, … as the service writes it. */
  5: optional string log_level
}

/**
 * What is wrong with a call is told as a TApplicationException: PROTOCOL_ERROR where it can't be taken however often it
 * comes, INTERNAL_ERROR where the archive can't be written at the moment. Nothing of such a call is stored. Where a
 * connection ends before the answer, nobody knows whether the call was stored.
 */
service LogIngestionService {
  /** Stores one entry. It is durable when this returns. */
  void sendLog(1: LogEvent log),

  /** Stores all of these, or none; answers how many. They are durable when this returns. */
  i32 sendLogs(1: list<LogEvent> logs)
}
