/** The third generation: fields 6 to 8 are new, of types the receiver does not know. */
namespace py generation_3

struct Origin {
  1: string file,
  2: i32 line
}

struct LogEvent {
  1: i64 timestamp,
  2: string service_name,
  3: string host,
  4: string message,
  5: optional string log_level,
  6: optional Origin origin,
  7: optional list<string> tags,
  8: optional map<string, i64> counters
}

service LogIngestionService {
  void sendLog(1: LogEvent log),
  i32 sendLogs(1: list<LogEvent> logs)
}
