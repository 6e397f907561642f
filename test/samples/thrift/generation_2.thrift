/** The second generation: field 5 is new. */
namespace py generation_2

struct LogEvent {
  1: i64 timestamp,
  2: string service_name,
  3: string host,
  4: string message,
  5: optional string log_level
}

service LogIngestionService {
  void sendLog(1: LogEvent log),
  i32 sendLogs(1: list<LogEvent> logs)
}
