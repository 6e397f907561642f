/** `thrift send` against ordinary Python servers, and against our receiver with TLS and tokens. */
import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { thriftSend, type ThriftSendOptions } from '../../src/shipper/thrift/send_command.ts';
import { Authority } from '../helpers/certificates.ts';
import { collectLogs } from '../helpers/logs.ts';
import { Program, runClient } from '../helpers/programs.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { THRIFT_LISTENER, compileGenerations, startPythonServers } from '../helpers/thrift_peers.ts';
import { until } from '../helpers/until.ts';

const CONNECTION: ThriftSendOptions['connection'] = {
  ...{ host: '127.0.0.1', port: 0, protocol: 'binary', isFramed: true, service: '', timeoutMs: 30_000 },
};

const lineOf = (message: string): string => `${JSON.stringify({ timestamp: 1, message })}\n`;
const numbered = (count: number): string =>
  Array.from({ length: count }, (_, n) => lineOf(String(n))).join('');

type Wishes = Partial<Omit<ThriftSendOptions, 'connection'>> & {
  readonly connection?: Partial<ThriftSendOptions['connection']>;
  readonly input?: Readable | string;
  readonly stop?: AbortSignal;
};

/** Sends standard input unless told otherwise; what was logged, and the exit code. */
async function send({ connection, input = '', stop = new AbortController().signal, ...wishes }: Wishes) {
  const { log, lines } = collectLogs();
  const options = { token: undefined, paths: ['-'], maxLineBytes: 1024 * 1024, size: 100, callsAtOnce: 4 };
  const stdin = typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input;
  const code = await thriftSend(
    { ...options, ...wishes, connection: { ...CONNECTION, ...connection } },
    stdin,
    log,
    stop,
  );
  return { code, lines };
}

test('to Python servers: all is answered, in order; what is refused, no entry or without an answer is told with its lines', async () => {
  await using folder = await temporaryFolder();
  await compileGenerations(folder.path);
  await using servers = await startPythonServers(folder.path, ['generation_2']);
  const name = 'generation_2 compact buffered';
  const compact = { port: servers.portOf(name), protocol: 'compact', isFramed: false } as const;

  const all = await send({ connection: compact, input: numbered(250) });
  expect(all).toMatchObject({ code: 0 });
  expect(all.lines.at(-1)).toMatchObject({ msg: 'done: 250 entries answered', answered: 250 });
  await until('all are told', () => servers.receivedBy(name).length >= 250);
  expect(servers.receivedBy(name).map((fields) => fields['4'])).toEqual(
    Array.from({ length: 250 }, (_, n) => String(n)),
  );

  const multiplexed = { port: servers.portOf('multiplexed'), service: 'LogIngestionService' };
  expect(await send({ connection: multiplexed, input: lineOf('a') })).toMatchObject({ code: 0 });

  const binary = { port: servers.portOf('generation_2 binary framed') };
  const mixed = `${lineOf('a')}nonsense\n\n${lineOf('refuse')}${lineOf('b')}`;
  const some = await send({ connection: binary, input: mixed, size: 1, callsAtOnce: 1 });
  expect(some.code).toBe(1);
  expect(some.lines.map(({ msg }) => msg)).toEqual([
    '-:2 was not sent: it is no JSON',
    '-:4: refused: Internal error',
    'done: 2 entries answered, 1 refused, 1 not sent',
  ]);

  const gone = await send({
    connection: binary,
    input: `${lineOf('a')}${lineOf('leave')}`,
    size: 1,
    callsAtOnce: 1,
  });
  expect(gone.code).toBe(1);
  expect(gone.lines.at(-1)?.msg).toContain(
    '1 entries answered, 1 without an answer, which may be stored or not',
  );
});

test('to our receiver by TLS, with its token; without the token nothing is stored, and that is said', async () => {
  await using folder = await temporaryFolder();
  const authority = await Authority.create(folder.path);
  const { cert, key } = await authority.signServer();
  await using receiver = await testReceiver(folder.in('data'), {
    access: { tokens: ['secret'], areIdsBound: false },
    thrift: { ...THRIFT_LISTENER, listener: { ...THRIFT_LISTENER.listener, tls: { cert, key } } },
  });
  const { thriftPort = 0 } = receiver;
  const connection = { port: thriftPort, tls: { ca: authority.cert } };
  expect(await send({ connection, token: 'secret', input: lineOf('one') })).toMatchObject({ code: 0 });
  const service = 'LogIngestionService';
  expect(
    await send({ connection: { ...connection, service }, token: 'secret', input: lineOf('two') }),
  ).toMatchObject({ code: 0 });
  expect(await archivedLines(folder.in('data'))).toEqual([
    '{"timestamp":1,"message":"one"}',
    '{"timestamp":1,"message":"two"}',
  ]);
  await expect(send({ connection, token: 'wrong', input: lineOf('three') })).rejects.toThrow(
    'the server refuses the token',
  );
  expect(await send({ connection, input: lineOf('four') })).toMatchObject({ code: 1 });
  await expect(send({ connection: { ...connection, tls: {} }, input: lineOf('five') })).rejects.toThrow(
    "the receiver's certificate is not accepted",
  );
  expect(await archivedLines(folder.in('data'))).toHaveLength(2);
});

test('a server that is silent, lies, or is not there', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => answer !== '' && socket.write(answer));
  });
  let answer = '';
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    const silent = await send({ connection: { port, timeoutMs: 50 }, input: lineOf('a') });
    expect(silent.lines[0]?.msg).toContain('no answer (no answer for 0.05 s); they may be stored or not');
    answer = 'HTTP/1.1 400 Bad Request\r\n\r\n';
    const http = await send({ connection: { port }, input: lineOf('a') });
    expect(http.lines[0]?.msg).toContain('the first bytes are of no protocol of Thrift: "HTTP/1.1"');
    answer = '\u007f\u007f\u007f\u007f\u0080\u0001';
    expect((await send({ connection: { port }, input: lineOf('a') })).code).toBe(1);
  } finally {
    server.close();
  }
  await expect(send({ connection: { port }, input: lineOf('a') })).rejects.toThrow('ECONNREFUSED');
});

test('a file of nonsense does not fill the log', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  const connection = { port: receiver.thriftPort ?? 0 };
  const { code, lines } = await send({ connection, input: `${'nonsense\n'.repeat(1000)}${lineOf('a')}` });
  expect(code).toBe(1);
  expect(lines).toHaveLength(102);
  expect(lines.at(-1)).toMatchObject({ answered: 1, unsent: 1000 });
});

test('a stop while standard input is open sends what was read and says that it was not the end', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  const input = new Readable({ read: () => undefined });
  const stop = new AbortController();
  const sending = send({
    connection: { port: receiver.thriftPort ?? 0 },
    ...{ input, stop: stop.signal },
  });
  input.push(lineOf('one'));
  await until('the entry is stored', async () => (await archivedLines(folder.in('data'))).length === 1);
  stop.abort();
  const { code, lines } = await sending;
  expect({ code, msg: lines.at(-1)?.msg }).toEqual({
    code: 1,
    msg: 'stopped before the end of the input: 1 entries answered',
  });
});

test('where the input breaks, what was read is sent, and that is said', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  const connection = { port: receiver.thriftPort ?? 0 };
  await writeFile(folder.in('a.jsonl'), numbered(3));
  const { code, lines } = await send({
    connection,
    paths: [folder.in('a.jsonl'), folder.in('missing.jsonl')],
  });
  expect(code).toBe(1);
  expect(lines.map(({ msg }) => msg)).toEqual([
    expect.stringContaining("the input can't be read on: ENOENT"),
    'stopped before the end of the input: 3 entries answered',
  ]);
  expect(await archivedLines(folder.in('data'))).toHaveLength(3);
});

/** The commands of docs/THRIFT.md that send: the arguments, and what standard input is. */
const COMMANDS = [
  ...(await readFile('docs/THRIFT.md', 'utf8')).matchAll(/^npm run client -- (thrift send.*)$/gm),
].map(([, command = '']) => {
  const [line = ''] = command.split(/ +#/);
  const [args = '', input] = line.split(' < ');
  return { args: args.split(' '), input };
});

test('the commands that docs/THRIFT.md shows send all there is', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  for (const name of ['app.jsonl', 'a.jsonl', 'b.jsonl']) await writeFile(folder.in(name), numbered(3));
  const env = { SERVER_HOST: '127.0.0.1', THRIFT_PORT: String(receiver.thriftPort) };
  const done = COMMANDS.map(async ({ args, input }) => {
    const paths = args.map((arg) => (arg.endsWith('.jsonl') ? folder.in(arg) : arg));
    await using program = new Program('client_main.ts', paths, env);
    program.child.stdin?.end(input === undefined ? '' : await readFile(folder.in(input)));
    return await program.ended();
  });
  expect((await Promise.all(done)).map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    COMMANDS.map(() => ({
      code: 0,
      stderr: expect.stringMatching(/done: [36] entries answered/) as unknown,
    })),
  );
  expect(await archivedLines(folder.in('data'))).toHaveLength(12);
});

test('the command exits 1 where a line was not sent', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'), { thrift: THRIFT_LISTENER });
  const wrong = Buffer.from('{"message":"\xff"}\n', 'latin1');
  await writeFile(folder.in('a.jsonl'), Buffer.concat([Buffer.from(lineOf('a')), wrong]));
  const { code, stderr } = await runClient(['thrift', 'send', folder.in('a.jsonl')], {
    ...{ SERVER_HOST: '127.0.0.1', THRIFT_PORT: String(receiver.thriftPort), THRIFT_PROTOCOL: 'compact' },
  });
  expect(code).toBe(1);
  expect(stderr).toContain('a.jsonl:2 was not sent: it is too long, or not UTF-8');
  expect(await archivedLines(folder.in('data'))).toHaveLength(1);
});
