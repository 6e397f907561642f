/** Notices a disk that neither takes what it is given nor refuses it. */
export interface StallWatchOptions {
  /** Groups written so far. */
  readonly written: () => number;
  /** True while one is being written. */
  readonly isWriting: () => boolean;
  /** Called once when nothing has come back for about `afterMs`, and with nothing when something has. */
  readonly onChange: (stall: Error | undefined) => void;
  readonly afterMs: number;
}

/** Looks so many times in `afterMs`: looks that are late, as on a busy machine, then come late together. */
const LOOKS = 5;

export class StallWatch {
  readonly #options: StallWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #seen = 0;
  #looksInVain = 0;
  #stall: Error | undefined;

  constructor(options: StallWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), options.afterMs / LOOKS).unref();
  }

  /** What is wrong, while nothing comes back. */
  get stall(): Error | undefined {
    return this.#stall;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { written, isWriting, afterMs, onChange } = this.#options;
    const isMoving = !isWriting() || written() !== this.#seen;
    this.#seen = written();
    this.#looksInVain = isMoving ? 0 : this.#looksInVain + 1;
    const isStalled = this.#looksInVain >= LOOKS;
    if (isStalled === (this.#stall !== undefined)) return;
    this.#stall = isStalled
      ? new Error(`the disk is slow: what it was given has not come back for ${afterMs / 1000} s`)
      : undefined;
    onChange(this.#stall);
  }
}
