/** The fourth generation: field 5 is gone, and field 2 has another name. */
namespace py generation_4

struct Origin {
  1: string file,
  2: i32 line
}

struct LogEvent {
  1: i64 timestamp,
  2: string application,
  3: string host,
  4: string message,
  6: optional Origin origin,
  7: optional list<string> tags,
  8: optional map<string, i64> counters
}

service LogIngestionService {
  void sendLog(1: LogEvent log),
  i32 sendLogs(1: list<LogEvent> logs)
}
