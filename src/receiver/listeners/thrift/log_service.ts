/** LogIngestionService (thrift/log_event.thrift): entries into the archive. */
import { LOCAL_SHIPPER_PREFIX } from '../../../archive/block.ts';
import type { ReceiverLog } from '../../../archive/commit_log.ts';
import type { SegmentFormat } from '../../../archive/format.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import { encodeReply } from '../../../thrift/answer.ts';
import type { Cursor } from '../../../thrift/cursor.ts';
import { JsonLines } from '../../../thrift/json_lines.ts';
import { LogEventReader } from '../../../thrift/log_event.ts';
import { argumentsOf } from '../../../thrift/message.ts';
import type { ThriftCall, ThriftService } from '../../../thrift/service.ts';
import { ThriftError } from '../../../thrift/thrift_error.ts';
import { skipValue } from '../../../thrift/unknown_value.ts';
import { TYPE, typeName } from '../../../thrift/value_type.ts';
import { GroupCommit } from '../../group_commit.ts';

/** Follows `@` in the shipper id of what came by Thrift. */
export const THRIFT_SHIPPER_NAME = 'thrift';

export interface LogServiceOptions {
  readonly archive: ReceiverLog;
  readonly format: SegmentFormat;
  readonly level: number;
  readonly now: () => number;
  readonly maxEntryBytes: number;
  /** Of all lines of a call. */
  readonly maxBatchBytes: number;
  readonly ledger: Ledger;
}

export async function logService(options: LogServiceOptions): Promise<ThriftService> {
  const { archive, format, level, now, ledger } = options;
  const name = THRIFT_SHIPPER_NAME + archive.localSuffix;
  const commit = await GroupCommit.create({
    name,
    log: archive,
    format,
    level,
    now,
  });
  const reader = new LogEventReader(options.maxEntryBytes);
  const lines = new JsonLines(options.maxBatchBytes);

  /** Settles when so many lines, which were just written, are durable. */
  const store = async (count: number): Promise<void> => {
    ledger.received += count;
    try {
      const trouble = archive.troubleOf(LOCAL_SHIPPER_PREFIX + name);
      if (trouble !== undefined) throw trouble;
      await commit.add({ bytes: lines.take(), count });
    } catch (cause) {
      lines.clear();
      ledger.refused += count;
      throw new ThriftError('unavailable', 'the archive can not be written at the moment: try again', {
        cause,
      });
    }
    ledger.thrift.entries += count;
  };

  /** Reads the events of a call; of one that is refused nothing stays. Answers how many. */
  const read = (call: ThriftCall, readArgument: (cursor: Cursor) => number): number => {
    try {
      return readArgument(argumentsOf(call));
    } catch (error) {
      lines.clear();
      throw error;
    }
  };

  const readOne = (cursor: Cursor): number => {
    expectArgument(cursor, 'log', TYPE.STRUCT);
    reader.read(cursor, lines);
    return 1;
  };

  const readAll = (cursor: Cursor): number => {
    expectArgument(cursor, 'logs', TYPE.LIST);
    cursor.list();
    const { count, elementType } = cursor;
    if (count > 0 && elementType !== TYPE.STRUCT)
      throw new ThriftError(
        'refused',
        `logs is a list of ${typeName(elementType)}, and of LogEvent was expected`,
      );
    for (let n = 0; n < count; n += 1) {
      try {
        reader.read(cursor, lines);
      } catch (error) {
        throw error instanceof ThriftError
          ? new ThriftError(error.code, `logs[${n}]: ${error.message}`)
          : error;
      }
    }
    return count;
  };

  return {
    name: 'LogIngestionService',
    methods: new Map([
      [
        'sendLog',
        async (call) => {
          await store(read(call, readOne));
          return encodeReply(call, []);
        },
      ],
      [
        'sendLogs',
        async (call) => {
          const count = read(call, readAll);
          if (count > 0) await store(count);
          return encodeReply(call, [{ id: 0, value: count }]);
        },
      ],
    ]),
    room: () => commit.hasRoom(),
  };
}

/** Puts the cursor in front of argument 1. Throws ThriftError where that is not there, or is of another type. */
function expectArgument(cursor: Cursor, name: string, type: number): void {
  while (cursor.field() && cursor.type !== TYPE.STOP) {
    if (cursor.fieldId !== 1) skipValue(cursor, cursor.type, true);
    else if (cursor.type === type) return;
    else
      throw new ThriftError(
        'refused',
        `argument 1 (${name}) is a ${typeName(cursor.type)}, and a ${typeName(type)} was expected`,
      );
  }
  throw new ThriftError('refused', `argument 1 (${name}) is missing`);
}
