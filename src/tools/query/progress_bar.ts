/** How far a long search is, on a terminal: one line that moves, and is gone at the end. */

const EVERY_MS = 200;
const WIDTH = 24;
const CLEAR_LINE = '\r\x1b[2K';

export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class ProgressBar implements Disposable {
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #ofBytes = 0;
  #found = 0;
  #isShown = false;

  /** Nothing is shown where it is no terminal, and nothing before a fifth of a second is over. */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    if (terminal.isTTY === true) this.#timer = setInterval(() => this.#show(), EVERY_MS).unref();
  }

  /** So many bytes of the archive are done, of so many. */
  scanned(bytes: number, ofBytes: number): void {
    this.#bytes = bytes;
    this.#ofBytes = ofBytes;
  }

  found(entries: number): void {
    this.#found += entries;
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#isShown) this.#terminal.write(CLEAR_LINE);
    this.#isShown = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #show(): void {
    const share = this.#ofBytes === 0 ? 0 : this.#bytes / this.#ofBytes;
    const bar = '#'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '.');
    const megabytes = (this.#ofBytes / 1e6).toFixed(0);
    this.#terminal.write(
      `${CLEAR_LINE}[${bar}] ${Math.floor(share * 100)}% of ${megabytes} MB · ${this.#found.toLocaleString('en-US')} found`,
    );
    this.#isShown = true;
  }
}
