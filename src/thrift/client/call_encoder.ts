import type { ByteWriter } from './byte_writer.ts';
import type { LogEventFields } from './log_event_fields.ts';

/** Writes calls in one protocol. `name` is `method`, or `Service:method`; `sequenceId` is above 0. */
export interface CallEncoder {
  /** `sendLogs(1: list<LogEvent>)` */
  sendLogs(out: ByteWriter, name: string, sequenceId: number, events: readonly LogEventFields[]): void;
  /** A method whose only argument is `1: string`. */
  withText(out: ByteWriter, name: string, sequenceId: number, text: string): void;
}
