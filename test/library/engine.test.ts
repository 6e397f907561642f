import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createShipper, type ShipperProblem } from '../../src/library/create_shipper.ts';
import { isJournalFile } from '../../src/shipper/sources/journal/journal_file.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

test('a plain receiver that closed a connection long ago is told, and not waited for at the end', async () => {
  await using folder = await temporaryFolder();
  const problems: ShipperProblem[] = [];
  const connections: Socket[] = [];
  const server = createServer((socket) => connections.push(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shipper = createShipper({
    ...{ port, delivery: 'plain', spoolDir: folder.in('spool') },
    ...{ shutdownTimeout: 60, reconnectMaxDelay: 0.1 },
    onProblem: (problem) => problems.push(problem),
  });
  shipper.log({ n: 1 });
  await shipper.flush();
  connections[0]?.end();
  await until('it connects again', () => connections.length === 2, 30_000);
  server.close();
  shipper.log({ n: 2 });
  const closedAt = performance.now();
  await shipper.close();
  expect(performance.now() - closedAt).toBeLessThan(30_000);
  expect(problems.at(-1)?.message).toContain('did not close a connection in order');
  expect(shipper.counts).toEqual({ logged: 2, acknowledged: 2, rejected: 0, dropped: 0 });
  expect((await readdir(folder.in('spool'))).filter(isJournalFile)).toEqual([]);
});
