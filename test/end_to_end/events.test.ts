/** A receiver with all of it on one port: log entries by Thrift in, their archive followed into the event store, states out. */
import { createConnection, TBinaryProtocol, TFramedTransport, createClient, Int64 } from 'thrift';
import { expect, test } from 'vitest';
import { Client as LogClient } from '../../src/thrift/generated/LogIngestionService.js';
import { LogEvent } from '../../src/thrift/generated/log_event_types.js';
import { RemoteEvents } from '../../src/tools/events/remote_events.ts';
import { ReceiverProgram } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

async function sendLogs(port: number, levels: readonly string[]): Promise<void> {
  const options = { transport: TFramedTransport, protocol: TBinaryProtocol };
  const connection = createConnection('127.0.0.1', port, options);
  try {
    const client = createClient(LogClient, connection);
    const logs = levels.map(
      (log_level) =>
        new LogEvent({
          timestamp: new Int64(1_700_000_000_000),
          service_name: 'api',
          host: 'h',
          message: 'm',
          log_level,
        }),
    );
    expect(await client.sendLogs(logs)).toBe(levels.length);
  } finally {
    connection.end();
  }
}

test('what comes by Thrift is an event too, on the embedded database and by the same port', async () => {
  await using folder = await temporaryFolder();
  const port = String(await quietPort());
  const env = {
    THRIFT_ENABLED: 'true',
    THRIFT_PORT: port,
    EVENTS_ENABLED: 'true',
    EVENTS_PORT: port,
    OUTPUTS: 'events',
  };
  await using receiver = await ReceiverProgram.start(folder.path, { env });
  await using events = await RemoteEvents.connect({ host: '127.0.0.1', port: Number(port) });
  await sendLogs(Number(port), ['ERROR', 'INFO', 'INFO']);
  await until('the entries are events', async () => (await events.head()) === 3, 120_000);
  expect(await events.read(0, 10)).toMatchObject([
    { type: 'log.error', timestamp: 1_700_000_000_000n },
    { type: 'log.info' },
    { type: 'log.info' },
  ]);
  const { state } = await events.state('log_dashboard');
  expect(state).toMatchObject({
    api: { total: 3, levels: { ERROR: 1, INFO: 2 }, last_error: { message: 'm' } },
  });
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
});
