/** `events serve` as a process of its own, and clients that go on when it is killed. */
import { Int64 } from 'thrift';
import { setTimeout as delay } from 'node:timers/promises';
import { Event } from '../../src/thrift/generated/event_service_types.js';
import { connectEvents, type EventConnection } from '../../src/tools/events/event_connection.ts';
import { Program } from './programs.ts';
import { until } from './until.ts';

/** A service that listens. */
export async function startEventService(
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const program = new Program('server_main.ts', ['events', 'serve'], { EVENTS_PORT: String(port), ...env });
  try {
    await until(
      'EventService listens',
      () => program.stdout.includes('EventService on') || program.child.exitCode !== null,
      60_000,
    );
    if (program.child.exitCode !== null) throw new Error(`it ended:\n${program.stdout}${program.stderr}`);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

const TYPES = ['made', 'moved', 'broken'] as const;

/** Appends and consumes, in turn, one after the other, until it is stopped. A call that got no answer is made again. */
export class EventWriter {
  /** The ids that were answered. */
  readonly answered = new Set<string>();
  readonly #name: string;
  readonly #port: number;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(name: string, port: number) {
    this.#name = name;
    this.#port = port;
    this.#running = this.#run();
  }

  /** Settles when the call that is on its way has been answered. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let connection: EventConnection | undefined;
    for (let number = 0; !this.#stop.signal.aborted;) {
      try {
        connection ??= await connectEvents({ host: '127.0.0.1', port: this.#port });
        const id = `${this.#name} ${number}`;
        const type = TYPES[number % TYPES.length] ?? 'made';
        const event = new Event({ id, type, timestamp: new Int64(number), payload: Buffer.from(id) });
        await (number % 2 === 0 ? connection.client.append(event) : connection.client.consume(event));
        this.answered.add(id);
        number += 1;
      } catch {
        await connection?.[Symbol.asyncDispose]();
        connection = undefined;
        await delay(20);
      }
    }
    await connection?.[Symbol.asyncDispose]();
  }
}
