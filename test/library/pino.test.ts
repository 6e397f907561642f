import { once } from 'node:events';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createShipper } from '../../src/library/create_shipper.ts';
import transport, { pinoStream } from '../../src/library/pino.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const PATIENT = { exitTimeout: 60, shutdownTimeout: 60, helloTimeout: 60 };

test('the target of a transport takes lines in parts, as pino has them, and its end waits for the receiver', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  const stream = await transport({ port: receiver.port, ...PATIENT, pinoWillSendConfig: true } as object);
  for (const part of ['{"n":1}\n{"n', '"', ':2}\n', '{"n":3}\n{"n":', '4}']) stream.write(part);
  stream.end();
  await once(stream, 'close');
  expect(await archivedLines(folder.path)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
});

test('a transport whose spool another process has begins all the same, and leaves in it what it was given', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'));
  const options = { port: receiver.port, ...PATIENT, spoolDir: folder.in('spool') };
  await using holder = createShipper(options);
  await holder.ready();
  const stream = await transport(options);
  stream.end('{"n":1}\n');
  await once(stream, 'close');
  await holder.close();
  await using next = createShipper(options);
  await next.flush();
  expect(await archivedLines(folder.in('data'))).toEqual(['{"n":1}']);
});

test('a transport with options that are wrong does not begin', async () => {
  await expect(transport({ batchSize: -1 })).rejects.toThrow('BATCH_SIZE is "-1" (option batchSize)');
});

test('a stream is a destination of pino, and flushes for its logger', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  const stream = pinoStream({ port: receiver.port, ...PATIENT, batchInterval: 3600 });
  const logger = pino(stream);
  logger.info('hello');
  await new Promise((resolve) => logger.flush(resolve));
  expect((await archivedLines(folder.path)).join()).toContain('"msg":"hello"');
  await stream.shipper.close();
});
