/** The original protocol, our receiver: against a client that was written from its description alone. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { hasPython, startPython } from '../helpers/processes.ts';
import { archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** Texts that parsing and printing again would change. */
const ENTRIES = [
  '{"n":1.0,"big":12345678901234567890,"huge":1e400,"zero":-0,"exponent":1E+2}',
  '{"z":1,"a":2,"z":3}',
  '{"nested":{"list":[1,[2,{"deep":[{}, {"":null}]}]],"brackets":"}],[{","quote":"\\"\\\\"}}',
  '{"text":"\\u0041\\/ \\ud83d\\ude00 ключ 😀 \u2028"}',
  '{ "spaces" : [ 1 , 2 ] }',
  '{}',
  ...Array.from({ length: 40 }, (_, n) => `{"n":${n},"level":"INFO","message":"entry ${n}"}`),
];

describe.skipIf(!hasPython())('a client of the original protocol ships to our receiver', () => {
  test.each([
    ['raw (0x00)', ['--algorithm', 'none', '--half-close']],
    ['gzip (0x03)', ['--algorithm', 'gzip', '--half-close']],
    ['zlib (0x05)', ['--algorithm', 'zlib', '--half-close']],
    ['raw, byte by byte', ['--algorithm', 'none', '--half-close', '--trickle']],
    ['gzip, byte by byte', ['--algorithm', 'gzip', '--half-close', '--trickle']],
    ['zlib, byte by byte', ['--algorithm', 'zlib', '--half-close', '--trickle']],
    ['gzip, one entry a frame', ['--algorithm', 'gzip', '--half-close', '--batch', '1']],
    ['gzip, all entries in a frame', ['--algorithm', 'gzip', '--half-close', '--batch', '1000']],
  ])('%s: its entries are archived as they were sent, and it is sent not one byte', async (_, options) => {
    await using folder = await temporaryFolder();
    const entries = folder.in('entries');
    await writeFile(entries, `${ENTRIES.join('\n')}\n`);
    {
      await using receiver = await testReceiver(folder.in('data'));
      await using client = startPython('plain_client.py', [
        String(receiver.port),
        '--entries',
        entries,
        ...options,
      ]);
      expect(await client.exited, client.stderr).toBe(0);
      expect(client.stderr).toBe('');
      expect(client.messages()).toEqual([{ sent: ENTRIES.length, received_bytes: 0 }]);
      await until('the entries are durable', () => receiver.ledger.stored === ENTRIES.length);
      expect(receiver.ledger.errors).toEqual({});
    }
    expect(await archivedLines(folder.in('data'), '@plain')).toEqual(ENTRIES);
    expect((await verdictOn(folder.in('data'))).code).toBe(0);
  });

  test('one that closes without waiting loses nothing', async () => {
    await using folder = await temporaryFolder();
    {
      await using receiver = await testReceiver(folder.path);
      await using client = startPython('plain_client.py', [
        String(receiver.port),
        '--count',
        '5000',
        '--batch',
        '50',
      ]);
      expect(await client.exited, client.stderr).toBe(0);
      await until('the entries are durable', () => receiver.ledger.stored === 5000);
    }
    expect((await archivedLines(folder.path, '@plain')).map(numberOf)).toEqual(
      Array.from({ length: 5000 }, (_, n) => n + 1),
    );
  });

  test('one that stays connected and silent is archived all the same, and a stopping receiver sends it no byte', async () => {
    await using folder = await temporaryFolder();
    const receiver = await testReceiver(folder.path);
    await using client = startPython('plain_client.py', [String(receiver.port), '--count', '20', '--hold']);
    await until('the entries are durable', () => receiver.ledger.stored === 20);
    await receiver[Symbol.asyncDispose]();
    client.stdin.end();
    expect(await client.exited, client.stderr).toBe(0);
    expect(client.messages().at(-1)).toEqual({ sent: 20, received_bytes: 0 });
    expect(await archivedLines(folder.path)).toHaveLength(20);
  });

  test('several at once keep each its own order', async () => {
    await using folder = await temporaryFolder();
    {
      await using receiver = await testReceiver(folder.path);
      const names = ['a', 'b', 'c', 'd'];
      await Promise.all(
        names.map(async (name) => {
          await writeFile(folder.in(`${name}.entries`), numberedEntries(name, 500));
          await using client = startPython('plain_client.py', [
            ...[
              String(receiver.port),
              '--half-close',
              '--algorithm',
              'zlib',
              '--entries',
              folder.in(`${name}.entries`),
            ],
          ]);
          expect(await client.exited, client.stderr).toBe(0);
        }),
      );
      await until('the entries are durable', () => receiver.ledger.stored === 2000);
    }
    const stored = (await archivedLines(folder.path)).map(
      (line) => JSON.parse(line) as { name: string; n: number },
    );
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(stored.filter((entry) => entry.name === name).map(({ n }) => n)).toEqual(
        Array.from({ length: 500 }, (_, n) => n),
      );
    }
  });
});

const numberOf = (line: string): number => (JSON.parse(line) as { n: number }).n;

const numberedEntries = (name: string, count: number): string =>
  Array.from({ length: count }, (_, n) => `{"name":"${name}","n":${n}}\n`).join('');
