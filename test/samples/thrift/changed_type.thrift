/** Wrong: field 1 has another type. */
namespace py changed_type

struct LogEvent {
  1: string timestamp,
  2: string service_name,
  3: string host,
  4: string message
}

service LogIngestionService {
  void sendLog(1: LogEvent log),
  i32 sendLogs(1: list<LogEvent> logs)
}
