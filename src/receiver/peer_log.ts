/**
 * What peers cause to be logged, held to about one line a second for each reason: whoever knocks ten thousand times must
 * not fill the disk with it. No count is lost: a line that stands for several has their number in `times`.
 */
import type { Logger } from '../base/logger.ts';

const EVERY_MS = 1000;

interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** What came of a reason in the second since its last line. */
interface Held {
  latest?: Line;
  times: number;
  timer: NodeJS.Timeout;
}

export class PeerLog {
  readonly #log: Logger;
  readonly #held = new Map<string, Held>();
  #isOver = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Logs a line at once where it is the first of its reason. Those in the second behind it become one: the latest of
   * them, with their number. At level debug each is there. `reason` is of a closed set, as each takes memory.
   */
  say(reason: string, level: Line['level'], fields: object, message: string): void {
    const held = this.#held.get(reason);
    if (held === undefined || this.#isOver) {
      this.#log[level](fields, message);
      if (!this.#isOver) this.#held.set(reason, { times: 0, timer: this.#later(reason) });
      return;
    }
    held.latest = { level, fields, message };
    held.times += 1;
    this.#log.debug(fields, message);
  }

  /** Says what is held; nothing is held from now on. */
  end(): void {
    this.#isOver = true;
    for (const [reason, { timer }] of this.#held) {
      clearTimeout(timer);
      this.#sayHeld(reason);
    }
  }

  #later(reason: string): NodeJS.Timeout {
    return setTimeout(() => this.#sayHeld(reason), EVERY_MS).unref();
  }

  #sayHeld(reason: string): void {
    const { latest, times } = this.#held.get(reason) ?? { times: 0 };
    this.#held.delete(reason);
    if (latest === undefined) return;
    const { level, fields, message } = latest;
    if (times === 1) this.#log[level](fields, message);
    else this.#log[level]({ ...fields, times }, `${message} (the last of ${times} such within a second)`);
    if (!this.#isOver) this.#held.set(reason, { times: 0, timer: this.#later(reason) });
  }
}
