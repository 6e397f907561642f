/** Wrong: the id 5 was given to something else. */
namespace py reused_id

struct LogEvent {
  1: i64 timestamp,
  2: string service_name,
  3: string host,
  4: string message,
  5: optional i32 line
}

service LogIngestionService {
  void sendLog(1: LogEvent log),
  i32 sendLogs(1: list<LogEvent> logs)
}
