/** The first generation of the schema: no level yet. */
namespace py generation_1

struct LogEvent {
  1: i64 timestamp,
  2: string service_name,
  3: string host,
  4: string message
}

service LogIngestionService {
  void sendLog(1: LogEvent log),
  i32 sendLogs(1: list<LogEvent> logs)
}
