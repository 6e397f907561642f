/** Limits on what one peer may take: each at the limit, and one past it. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { acknowledged, batchFrame, frame, rawPeer, shipperPeer } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** An entry of exactly so many bytes. */
const entryOf = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
/** An array of one entry, nested so deep, the array counted in. */
const nested = (depth: number): string => `[{"a":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}]`;

test('MAX_CONNECTIONS_PER_ADDRESS: one more from an address is refused, from another it is not, and leaving makes room', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path, { maxConnectionsPerAddress: 2 });
  await using first = await shipperPeer(receiver.port, 'a');
  const second = await shipperPeer(receiver.port, 'b');
  await using third = await rawPeer(receiver.port);
  await third.ended();
  expect(third.bytesReceived).toBe(0);
  expect(receiver.ledger).toMatchObject({ connections: 2, errors: { too_many_connections: 1 } });
  const elsewhere = connect({ port: receiver.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  await once(elsewhere, 'connect');
  elsewhere.write(frame(0, '[{"from":"elsewhere"}]'));
  await until('the other address is served', () => receiver.ledger.stored === 1);
  elsewhere.destroy();
  await second[Symbol.asyncDispose]();
  await until('both have left', () => receiver.ledger.connections === 1);
  await using fourth = await shipperPeer(receiver.port, 'c');
  fourth.send(batchFrame());
  await fourth.next('ACK');
  first.send(batchFrame());
  await first.next('ACK');
});

test('MAX_ENTRY_BYTES: a batch with a longer line is rejected, the connection goes on', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path, { limits: { maxEntryBytes: 1000 } });
  await using peer = await shipperPeer(receiver.port, 'a');
  peer.send(
    batchFrame({ sequence: 1, text: `${entryOf(1000)}\n` }),
    batchFrame({ sequence: 2, text: `{}\n${entryOf(1001)}\n` }),
    batchFrame({ sequence: 3 }),
  );
  await until('all are answered', () => acknowledged(peer) === 3);
  expect(peer.messages('REJECT')).toMatchObject([{ sequence: 2, code: 'entry_too_large' }]);
  expect(await archivedLines(folder.path, 'a')).toEqual([entryOf(1000), '{"n":1}']);
});

test('MAX_ENTRY_BYTES: of a plain array only the longer entry is kept aside', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path, { limits: { maxEntryBytes: 1000 } });
  await using peer = await rawPeer(receiver.port);
  peer.send(frame(0, `[${entryOf(1000)},${entryOf(1001)},{"last":1}]`));
  await until('the others are stored', () => receiver.ledger.stored === 2);
  expect(receiver.ledger).toMatchObject({ rejected: 1, inHand: 0, errors: { entry_too_large: 1 } });
  expect(await archivedLines(folder.path)).toEqual([entryOf(1000), '{"last":1}']);
  const kept = JSON.parse(await readFile(folder.in('rejected', 'plain.jsonl'), 'utf8')) as { text: string };
  expect(kept.text).toBe(entryOf(1001));
});

test.each([
  ['at MAX_DEPTH', nested(64), 'taken'],
  ['one deeper', nested(65), 'too_deep'],
  ['hundreds of thousands of brackets', '['.repeat(250_000), 'too_deep'],
  ['brackets in a string', `[{"a":"${'['.repeat(1000)}"}]`, 'taken'],
  ['brackets behind an escaped quote', `[{"a":"\\"${'['.repeat(1000)}"}]`, 'taken'],
  [
    'brackets in a string behind many backslashes',
    `[{"a":"${'\\\\'.repeat(500)}\\"${'['.repeat(1000)}"}]`,
    'taken',
  ],
  [
    'brackets behind a long string that ends in backslashes',
    `[{"a":"${'\\\\'.repeat(501)}","b":${'['.repeat(70)}`,
    'too_deep',
  ],
  ['many side by side', `[{"a":[${'[],'.repeat(1000)}[]]}]`, 'taken'],
])('MAX_DEPTH: %s', async (_, text, outcome) => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  await using peer = await rawPeer(receiver.port);
  peer.send(frame(0, text));
  if (outcome === 'taken') await until('it is stored', () => receiver.ledger.stored === 1);
  else await peer.ended();
  expect(receiver.ledger.errors).toEqual(outcome === 'taken' ? {} : { [outcome]: 1 });
});

test.each([
  ['gzip', 3, gzipSync],
  ['zlib', 5, deflateSync],
] as const)('what %s holds more than one would guess is taken all the same', async (_, flags, pack) => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  await using peer = await rawPeer(receiver.port);
  const text = `[${entryOf(900_000)}]`;
  peer.send(frame(flags, pack(text)), frame(flags, pack('[{"small":1}]')));
  await until('both are stored', () => receiver.ledger.stored === 2);
  expect(await archivedLines(folder.path)).toEqual([entryOf(900_000), '{"small":1}']);
});
