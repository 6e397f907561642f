/** `thrift send`: JSON lines to calls of `sendLogs`, and what became of each. */
import type { Answer } from '../../thrift/client/read_answer.ts';
import type { LogEventFields } from '../../thrift/client/log_event_fields.ts';
import { eventOfLine } from './event_of_line.ts';
import type { InputLines } from './input_lines.ts';

/** Entries, by what became of them. */
export interface SendCounts {
  /** The server said it has them. */
  answered: number;
  /** The server said it does not take them. */
  refused: number;
  /** Sent, and no answer came: they may be stored or not. */
  unanswered: number;
  /** Lines that are no entry, and were not sent. */
  unsent: number;
}

interface Sender {
  /** Aborts when no more can be sent. */
  readonly ended: AbortSignal;
  /** As `ThriftClient.sendLogs`. */
  sendLogs(events: readonly LogEventFields[]): Promise<Answer>;
}

export interface SendOptions {
  /** Entries of a call, at most; and characters of their lines, of which the last may be more. */
  readonly size: number;
  readonly maxChars: number;
  /** Calls that may wait for their answers at the same time. */
  readonly callsAtOnce: number;
  /** Called with a sentence on what was not stored, and where it was read. */
  readonly tell: (problem: string) => void;
}

export interface Sent extends Readonly<SendCounts> {
  /** The lines came to their end. */
  readonly isAllRead: boolean;
}

/** Sends lines until they end, can't be read, or `stop` aborts, and settles when all calls have. */
export async function sendLines(
  input: AsyncIterable<InputLines>,
  sender: Sender,
  options: SendOptions,
  stop: AbortSignal,
): Promise<Sent> {
  const sending = new Sending(sender, options);
  const isRead = await sendAll(input, sending, stop).catch((error: unknown) => {
    options.tell(`the input can't be read on: ${(error as Error).message}`);
    return false;
  });
  await sending.send();
  await sending.settled();
  return { ...sending.counts, isAllRead: isRead };
}

/** Where lines come slowly none waits for a call to be full: it goes as soon as no other is on its way. */
async function sendAll(
  input: AsyncIterable<InputLines>,
  sending: Sending,
  stop: AbortSignal,
): Promise<boolean> {
  for await (const { file, first, lines } of input) {
    for (const [index, line] of lines.entries()) {
      const isFull = sending.add(line, `${file}:${first + index}`);
      if (isFull) await sending.send();
      if (isFull && stop.aborted) return false;
    }
    if (sending.isIdle) await sending.send();
  }
  return !stop.aborted;
}

class Sending {
  readonly counts: SendCounts = { answered: 0, refused: 0, unanswered: 0, unsent: 0 };
  readonly #sender: Sender;
  readonly #options: SendOptions;
  readonly #calls = new Set<Promise<void>>();
  #events: LogEventFields[] = [];
  #chars = 0;
  #firstPlace = '';
  #lastPlace = '';

  constructor(sender: Sender, options: SendOptions) {
    this.#sender = sender;
    this.#options = options;
  }

  /** Takes a line; true when it is time to send. */
  add(line: string | undefined, place: string): boolean {
    if (line?.trim() === '') return false;
    try {
      if (line === undefined) throw new Error('it is too long, or not UTF-8');
      this.#events.push(eventOfLine(line));
    } catch (error) {
      this.counts.unsent += 1;
      this.#options.tell(`${place} was not sent: ${(error as Error).message}`);
      return false;
    }
    this.#chars += line.length;
    if (this.#events.length === 1) this.#firstPlace = place;
    this.#lastPlace = place;
    return this.#events.length >= this.#options.size || this.#chars >= this.#options.maxChars;
  }

  /** Sends what was taken, once there is room for another call. */
  async send(): Promise<void> {
    const events = this.#events;
    if (events.length === 0) return;
    const places = events.length === 1 ? this.#firstPlace : `${this.#firstPlace} to ${this.#lastPlace}`;
    this.#events = [];
    this.#chars = 0;
    while (this.#calls.size >= this.#options.callsAtOnce) await Promise.race(this.#calls);
    const call = this.#call(events, places).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  /** No call is on its way. */
  get isIdle(): boolean {
    return this.#calls.size === 0;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#calls);
  }

  async #call(events: readonly LogEventFields[], places: string): Promise<void> {
    const { counts } = this;
    if (this.#sender.ended.aborted) {
      counts.unsent += events.length;
      return;
    }
    try {
      const problem = problemOf(await this.#sender.sendLogs(events), events.length);
      if (problem === undefined) counts.answered += events.length;
      else {
        counts.refused += events.length;
        this.#options.tell(`${places}: refused: ${problem}`);
      }
    } catch (error) {
      counts.unanswered += events.length;
      this.#options.tell(`${places}: no answer (${(error as Error).message}); they may be stored or not`);
    }
  }
}

function problemOf(answer: Answer, sent: number): string | undefined {
  if (answer.kind === 'exception') return answer.message;
  return answer.count === sent
    ? undefined
    : `the server says it took ${answer.count ?? 'nothing'} of ${sent}`;
}
