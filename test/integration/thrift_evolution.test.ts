/** Old and new clients and servers mix: generations of the schema in test/samples/thrift, compiled for Python. */
import { expect, test } from 'vitest';
import { loadSchema } from '../../src/tools/schema/load_schema.ts';
import { compareSchemas } from '../../src/tools/schema/compare.ts';
import { isSafe } from '../../src/tools/schema/report.ts';
import { ThriftClient } from '../../src/shipper/thrift/thrift_client.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { startThriftPython } from '../helpers/thrift_compiler.ts';
import {
  GENERATIONS,
  MISTAKES,
  THRIFT_LISTENER,
  WAYS,
  compileGenerations,
  startPythonServers,
} from '../helpers/thrift_peers.ts';
import { until } from '../helpers/until.ts';

/** What the receiver keeps of fields 6 to 8, which it does not know. */
const UNKNOWN = {
  '6': { struct: { '1': { string: 'main.c' }, '2': { i32: 42 } } },
  '7': { list: [{ string: 'a' }, { string: 'ä' }] },
  '8': { map: [[{ string: 'paid' }, { i64: 2 ** 62 }]] },
};

/** What the archive is to hold of an entry of each generation, beside its message. */
const ARCHIVED = {
  generation_1: {},
  generation_2: { level: 'WARN' },
  generation_3: { level: 'WARN', _unknown: UNKNOWN },
  generation_4: { _unknown: UNKNOWN },
} as const;

test('Python clients of every generation send to the receiver in every protocol and transport, and nothing is lost', async () => {
  await using folder = await temporaryFolder();
  await compileGenerations(folder.path);
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  const port = String(receiver.thriftPort);
  await using python = startThriftPython('thrift_log_client.py', [folder.path, port, ...GENERATIONS]);
  expect(await python.exited, python.stderr).toBe(0);
  const clients = GENERATIONS.flatMap((generation) =>
    WAYS.map(({ protocol, transport }) => ({ generation, name: `${generation} ${protocol} ${transport}` })),
  );
  expect(python.messages()).toEqual(
    clients.map(({ name }) => ({ client: name, one: { answer: null }, two: { answer: 2 } })),
  );
  const entries = (await archivedLines(folder.in('data'))).map((line) => JSON.parse(line) as unknown);
  expect(entries).toEqual(
    clients.flatMap(({ generation, name }) =>
      [1, 2, 3].map((n) => ({
        timestamp: 1_700_000_000_000,
        service: 'shop',
        host: 'web-1',
        message: `${name} ${n}`,
        ...ARCHIVED[generation],
      })),
    ),
  );
});

test('a changed type and a reused id are refused in words that name the field, and nothing of them is stored', async () => {
  await using folder = await temporaryFolder();
  await compileGenerations(folder.path);
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  const port = String(receiver.thriftPort);
  await using python = startThriftPython('thrift_log_client.py', [folder.path, port, ...MISTAKES]);
  expect(await python.exited, python.stderr).toBe(0);
  const answers = python.messages();
  expect(answers).toHaveLength(MISTAKES.length * WAYS.length);
  for (const { client, one, two } of answers) {
    const problem = (client as string).startsWith('changed_type')
      ? 'field 1 (timestamp) is a string, and an i64 was expected'
      : 'field 5 (log_level) is an i32, and a string was expected';
    for (const answer of [one, two])
      expect(answer).toEqual({ type: 7, error: expect.stringContaining(problem) as unknown });
  }
  expect(await archivedLines(folder.in('data'))).toEqual([]);
});

test('our client sends to Python servers of every generation in every protocol and transport', async () => {
  await using folder = await temporaryFolder();
  await compileGenerations(folder.path);
  await using servers = await startPythonServers(folder.path, GENERATIONS);
  const event = { timestamp: 2n ** 62n, service: 'shop', host: 'web-1', message: 'größer 🙂', level: 'WARN' };
  for (const generation of GENERATIONS)
    for (const { protocol, transport, isFramed } of WAYS) {
      const name = `${generation} ${protocol} ${transport}`;
      const options = { host: '127.0.0.1', port: servers.portOf(name), protocol, isFramed };
      await using client = await ThriftClient.connect(
        { ...options, service: '', timeoutMs: 30_000 },
        new AbortController().signal,
      );
      const answers = await Promise.all([client.sendLogs([event, event]), client.sendLogs([event])]);
      expect(answers).toEqual([
        { kind: 'result', count: 2 },
        { kind: 'result', count: 1 },
      ]);
      // JSON has 2^62 as a double here, which it is exactly.
      const fields = { '1': 2 ** 62, '2': 'shop', '3': 'web-1', '4': 'größer 🙂' };
      const knowsLevel = generation === 'generation_2' || generation === 'generation_3';
      const expected = knowsLevel ? { ...fields, '5': 'WARN' } : fields;
      await until(`${name} has told what it received`, () => servers.receivedBy(name).length >= 3);
      expect(servers.receivedBy(name)).toEqual([expected, expected, expected]);
    }
});

test('`schema check` says the same: each generation is safe after the one before, the mistakes are not', async () => {
  const load = (name: string) => loadSchema(`test/samples/thrift/${name}.thrift`);
  const first = await load('generation_1');
  for (const [index, name] of GENERATIONS.entries()) {
    const before = await load(GENERATIONS[Math.max(0, index - 1)] ?? name);
    for (const old of [first, before])
      expect(compareSchemas(old, await load(name)).filter((change) => !isSafe(change))).toEqual([]);
  }
  const ours = await loadSchema('thrift/log_event.thrift');
  const unsafe = async (name: string) =>
    compareSchemas(ours, await load(name))
      .filter((change) => !isSafe(change))
      .map(({ where }) => where);
  expect(await unsafe('changed_type')).toEqual(['LogEvent.1 timestamp']);
  expect(await unsafe('reused_id')).toEqual(['LogEvent.5 line']);
});
