/** SERVER_HOST as a list: two addresses, two proxies, and behind both the one receiver that stands for many with one log. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createShipper } from '../../src/library/create_shipper.ts';
import { Authority, serverTls } from '../helpers/certificates.ts';
import { testDelivery, sendBatches } from '../helpers/deliveries.ts';
import { FaultProxy } from '../helpers/fault_proxy.ts';
import { collectLogs } from '../helpers/logs.ts';
import { runClient, runServer, startShipper } from '../helpers/programs.ts';
import { archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { linesSource, neverStop, numbered, pacedSource, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const addressesOf = (...proxies: readonly { readonly port: number }[]) =>
  proxies.map(({ port }) => ({ host: '127.0.0.1', port }));

/** Nobody gets through it any more, or all do. */
function cut(proxy: FaultProxy, isDown = true): void {
  proxy.faults.isDown = isDown;
  if (isDown) proxy.break('reset');
}

test('where one address is cut off the shipper goes on at the other, and back: every entry is there once', async () => {
  await using folder = await temporaryFolder();
  const receiver = await testReceiver(folder.in('data'));
  await using first = await FaultProxy.to(receiver.port);
  await using second = await FaultProxy.to(receiver.port);
  const lines = numbered(600);
  const { log, at } = collectLogs();
  const source = pacedSource(lines, async (yielded) => {
    if (yielded % 200 !== 0) return;
    await until('some of it has arrived', () => receiver.ledger.stored >= yielded - 150);
    const isOdd = (yielded / 200) % 2 === 1;
    cut(first, isOdd);
    cut(second, !isOdd);
  });
  const shipper = testShipper({
    ...{ port: 0, source, stateFolder: folder.in('state'), log },
    dial: { addresses: addressesOf(first, second), delivery: 'acked' },
  });
  await shipper.run(neverStop());
  await receiver[Symbol.asyncDispose]();
  expect(await archivedLines(folder.in('data'))).toEqual(lines);
  expect(await verdictOn(folder.in('data'))).toMatchObject({ code: 0 });
  expect(Math.min(first.connections, second.connections)).toBeGreaterThan(0);
  for (const { port } of [first, second])
    expect(at('info').join('\n')).toContain(`127.0.0.1:${port} (acked)`);
});

test('many shippers spread over the list', async () => {
  await using folder = await temporaryFolder();
  const receiver = await testReceiver(folder.in('data'));
  await using first = await FaultProxy.to(receiver.port);
  await using second = await FaultProxy.to(receiver.port);
  const ids = Array.from({ length: 40 }, (_, n) => `shipper-${n}`);
  await Promise.all(
    ids.map((shipperId) =>
      testShipper({
        ...{ port: 0, source: linesSource(numbered(5)), stateFolder: folder.in(shipperId) },
        dial: { addresses: addressesOf(first, second), delivery: 'acked', shipperId },
      }).run(neverStop()),
    ),
  );
  await receiver[Symbol.asyncDispose]();
  for (const id of ids) expect(await archivedLines(folder.in('data'), id)).toEqual(numbered(5));
  expect(first.connections + second.connections).toBe(40);
  expect(Math.min(first.connections, second.connections)).toBeGreaterThan(0);
});

test('the certificate of each is checked against its own name', async () => {
  await using folder = await temporaryFolder();
  const ca = await Authority.create(folder.path);
  const tls = serverTls(await ca.sign({ name: 'receiver', names: 'DNS:localhost' }));
  await using receiver = await testReceiver(folder.in('data'), { tls });
  const { port } = receiver;
  const addresses = ['127.0.0.1', 'localhost'].map((host) => ({ host, port }));
  await using tested = await testDelivery(0, {
    dial: { addresses, tls: { ca: ca.cert } },
    random: () => 0,
  });
  await sendBatches(tested.delivery, 1, 1);
  await tested.delivery.drained();
  expect(tested.logs.at('warn')).toEqual([
    expect.stringMatching(
      /^no connection to 127\.0\.0\.1:\d+ \(the receiver's certificate.*; trying localhost:/,
    ),
  ]);
});

test('an application and the programs take one, too, and find the address that works', async () => {
  await using folder = await temporaryFolder();
  const receiver = await testReceiver(folder.in('data'));
  await using proxy = await FaultProxy.to(receiver.port);
  await using down = await FaultProxy.to(receiver.port);
  down.faults.isDown = true;
  const list = `127.0.0.1:${down.port},127.0.0.1:${proxy.port}`;
  const application = createShipper({ host: list, shipperId: 'application', helloTimeout: 60 });
  application.write('{"n":1}');
  await application.close();
  await using piped = startShipper(1, ['pipe'], { SERVER_HOST: list, SHIPPER_ID: 'piped' });
  piped.child.stdin?.end('{"n":2}\n');
  expect(await piped.ended()).toMatchObject({ code: 0 });
  await receiver[Symbol.asyncDispose]();
  expect(await archivedLines(folder.in('data'))).toEqual(['{"n":1}', '{"n":2}']);
});

describe('a list is a configuration error', () => {
  const SERVER_HOST = 'a:5000,b:5000';

  test('for a receiver, which listens on one address', async () => {
    await using folder = await temporaryFolder();
    const data = folder.in('data');
    const { code, stderr } = await runServer(['--server-host', SERVER_HOST, '--data-dir', data]);
    expect(code).toBe(2);
    expect(stderr).toContain(`SERVER_HOST is "${SERVER_HOST}": a receiver takes one host`);
    expect(existsSync(data)).toBe(false);
  });

  test('for thrift send', async () => {
    const { code, stderr } = await runClient(['thrift', 'send', '-'], { SERVER_HOST });
    expect(code).toBe(2);
    expect(stderr).toContain('thrift send takes one host without a port (its port is THRIFT_PORT)');
  });
});
