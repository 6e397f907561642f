/** The command `thrift`, and Thrift beside TCP, as a user runs them. */
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { peakMib, tellsPeakMemory } from '../helpers/peak_memory.ts';
import { ReceiverProgram } from '../helpers/programs.ts';
import { archivedLines, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import {
  callMessage,
  logArgument,
  logFields,
  logsArgument,
  readAnswers,
} from '../helpers/thrift_messages.ts';
import { ThriftProgram } from '../helpers/thrift_programs.ts';
import { RawThrift, WAYS, type Way } from '../helpers/thrift_receivers.ts';
import { until } from '../helpers/until.ts';

const KILLS = Number(process.env.THRIFT_KILLS ?? 3);
const ENTRIES_PER_CALL = 3;

/** A client that calls again and again, with some calls on their way at once. */
class Caller {
  readonly #name: string;
  readonly #way: Way;
  /** Calls of earlier connections are all answered, or nobody knows. */
  readonly answered = new Set<string>();
  readonly sent = new Set<string>();
  #connection: RawThrift | undefined;
  #first = 0;
  #next = 0;

  constructor(name: string, way: Way) {
    this.#name = name;
    this.#way = way;
  }

  async connect(port: number): Promise<void> {
    this.#connection = await RawThrift.connect(port);
    this.#first = this.#next;
    this.#send(5);
    this.#connection.socket.on('data', () => this.#read());
  }

  /** Settles when the connection is gone. */
  async broken(): Promise<void> {
    const connection = this.#connection;
    await until('the connection breaks', () => connection?.isEnded === true);
    connection?.[Symbol.dispose]();
  }

  #send(calls: number): void {
    const { protocol, transport } = this.#way;
    for (let n = 0; n < calls; n += 1, this.#next += 1) {
      const call = `${this.#name}/${this.#next}`;
      this.sent.add(call);
      const logs = Array.from({ length: ENTRIES_PER_CALL }, (_, entry) => logFields(`${call}/${entry}`));
      this.#connection?.send(
        callMessage('sendLogs', logsArgument(logs), {
          protocol,
          isFramed: transport === 'framed',
          sequenceId: this.#next,
        }),
      );
    }
  }

  #read(): void {
    const { protocol, transport } = this.#way;
    const connection = this.#connection;
    if (connection === undefined) return;
    let answers;
    try {
      answers = readAnswers(connection.answered, protocol, transport === 'framed');
    } catch {
      // The last of them is not whole yet.
      return;
    }
    connection.answered = Buffer.alloc(0);
    for (const { number, sequenceId } of answers) {
      expect(number).toBe(ENTRIES_PER_CALL);
      expect(sequenceId).toBe(this.#first);
      this.answered.add(`${this.#name}/${this.#first++}`);
    }
    this.#send(answers.length);
  }
}

test(`a receiver that is killed ${KILLS} times holds what it answered, once, and of every call all or nothing`, async () => {
  await using folder = await temporaryFolder();
  const callers = WAYS.map((way) => new Caller(`${way.protocol}-${way.transport}`, way));
  const answers = (): number => callers.reduce((sum, { answered }) => sum + answered.size, 0);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await using receiver = await ThriftProgram.start({ DATA_DIR: folder.in('data') });
    await Promise.all(callers.map((caller) => caller.connect(receiver.port)));
    const enough = answers() + 300;
    await until('some hundred calls are answered', () => answers() > enough);
    receiver.kill('SIGKILL');
    await Promise.all(callers.map((caller) => caller.broken()));
  }
  // What a killed receiver left is settled by the next.
  await using last = await ThriftProgram.start({ DATA_DIR: folder.in('data') });
  last.kill('SIGTERM');
  expect((await last.ended()).code).toBe(0);
  expect((await verdictOn(folder.in('data'))).code).toBe(0);
  const found = new Map<string, string[]>();
  for (const line of await archivedLines(folder.in('data'))) {
    const { message } = JSON.parse(line) as { message: string };
    const call = message.slice(0, message.lastIndexOf('/'));
    found.set(call, [...(found.get(call) ?? []), message.slice(call.length + 1)]);
  }
  for (const entries of found.values()) expect(entries).toEqual(['0', '1', '2']);
  for (const { answered, sent } of callers) {
    for (const call of answered) expect(found.has(call), call).toBe(true);
    for (const call of sent) found.delete(call);
  }
  expect([...found.keys()]).toEqual([]);
});

test('serve takes entries of shippers and of Thrift; its books and its log tell of both', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await ReceiverProgram.start(folder.in('data'), {
    env: { THRIFT_ENABLED: 'true', THRIFT_PORT: '0' },
  });
  const port = Number(receiver.log.find((line) => line.thriftPort !== undefined)?.thriftPort);
  using client = await RawThrift.connect(port);
  client.send(
    callMessage('sendLogs', logsArgument([logFields('a'), logFields('b')])),
    callMessage('noSuch', []),
  );
  client.socket.end();
  await client.ended();
  expect(readAnswers(client.answered, 'binary', true)).toMatchObject([{ number: 2 }, { number: 1 }]);
  receiver.kill('SIGTERM');
  const { code, stdout } = await receiver.ended();
  expect(code).toBe(0);
  expect(stdout).toContain('"received":2,"stored":2');
  expect(stdout).toContain('"errors":{"thrift_unknown_method":1}');
  expect(await archivedLines(folder.in('data'), '@thrift')).toHaveLength(2);
});

describe.skipIf(!tellsPeakMemory)('memory', () => {
  test('lengths that are not kept take none of it, and messages of the largest size little more than themselves', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ThriftProgram.start({
      DATA_DIR: folder.in('data'),
      THRIFT_MAX_MESSAGE_BYTES: '64MiB',
    });
    const before = await peakMib(receiver);
    const lengths = [
      '7fffffff',
      '03fffff0800100010000000773656e644c6f6700000001',
      '800100017fffffff',
      '82210118ffffffff07',
    ];
    for (let n = 0; n < 200; n += 1) {
      const socket = createConnection(receiver.port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(Buffer.from(lengths[n % lengths.length] ?? '', 'hex'));
    }
    using client = await RawThrift.connect(receiver.port);
    // All its bytes are escaped, to six times as many: that is not the message's length, so it is refused, and soon.
    client.send(callMessage('sendLog', logArgument(logFields('\u0001'.repeat(14_000_000)))));
    await until('an answer', () => client.answered.length > 0);
    expect(readAnswers(client.answered, 'binary', true)).toMatchObject([
      { text: expect.stringContaining('MAX_') as string },
    ]);
    expect((await peakMib(receiver)) - before).toBeLessThan(250);
  });
});
