/** A LogEvent (thrift/log_event.thrift) to be sent. What is undefined is not sent. */
export interface LogEventFields {
  /** Milliseconds since 1970; any i64. */
  readonly timestamp: number | bigint | undefined;
  readonly service: string | undefined;
  readonly host: string | undefined;
  readonly message: string | undefined;
  readonly level: string | undefined;
}
