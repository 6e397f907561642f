import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from './programs.ts';

const LINES_AT_ONCE = 50;
const PAUSE_MS = 4;

/** Lines `{"n":1,…}`, numbered on, for the standard input of a shipper that runs `pipe`; `pauseMs` lies between fifty and fifty. */
export class NumberedLines {
  readonly #program: Program;
  readonly #pauseMs: number;
  #count = 0;

  constructor(program: Program, { pauseMs = PAUSE_MS } = {}) {
    this.#program = program;
    this.#pauseMs = pauseMs;
  }

  /** Those written so far. */
  get count(): number {
    return this.#count;
  }

  /** Writes, not as fast as it can, until `work` has settled. */
  async writeDuring(work: Promise<unknown>): Promise<void> {
    const end = new AbortController();
    const ended = work.finally(() => end.abort());
    ended.catch(() => undefined);
    while (!end.signal.aborted) {
      await this.#write(end.signal);
      await delay(this.#pauseMs);
    }
    await ended;
  }

  /** No more will come. */
  async end(): Promise<void> {
    const { stdin } = this.#program.child;
    if (stdin?.writableEnded === false) await new Promise<void>((done) => stdin.end(done));
  }

  /** Settles when there is room for more, or when the signal aborts. */
  async #write(signal: AbortSignal): Promise<void> {
    let text = '';
    for (const end = this.#count + LINES_AT_ONCE; this.#count < end;) {
      const n = (this.#count += 1);
      text += `{"n":${n},"level":"info","message":"entry ${n}"}\n`;
    }
    const { stdin } = this.#program.child;
    if (stdin?.write(text) === false) await once(stdin, 'drain', { signal }).catch(() => undefined);
  }
}
