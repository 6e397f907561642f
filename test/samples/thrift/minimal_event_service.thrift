struct Event {
  1: string id,
  2: string type,
  3: i64 timestamp,
  4: binary payload
}

service EventService {
  void append(1: Event event),
  void consume(1: Event event)
}
