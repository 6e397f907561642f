/** A terminal of which the whole screen is ours for a while. */
import type { Line, Room } from './top_view.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

const STYLES = { bold: '\x1b[1m', dim: '\x1b[2m', alarm: '\x1b[1;31m' } as const;
const PLAIN = '\x1b[0m';

/** Where nobody says how large it is. */
const DEFAULT_ROOM: Room = { columns: 80, rows: 24 };

export class FullScreen implements Disposable {
  readonly #output: NodeJS.WriteStream;
  readonly #keys: NodeJS.ReadStream;
  readonly #hasColour: boolean;
  readonly #onKeys: (keys: Buffer) => void;
  readonly #onResize: () => void;
  #isOurs = true;
  readonly #leave = (): void => this[Symbol.dispose]();

  /**
   * Takes the screen until it is disposed of, or the process exits, whichever way it does that itself. `onQuit` is called
   * for `q` and Ctrl-C, `onResize` when there is another room.
   */
  constructor(
    output: NodeJS.WriteStream,
    keys: NodeJS.ReadStream,
    { hasColour, onQuit, onResize }: { hasColour: boolean; onQuit: () => void; onResize: () => void },
  ) {
    this.#output = output;
    this.#keys = keys;
    this.#hasColour = hasColour;
    this.#onResize = onResize;
    this.#onKeys = (bytes) => {
      if (/[qQ\x03]/.test(bytes.toString('latin1'))) onQuit();
    };
    process.on('exit', this.#leave);
    output.write(ENTER);
    output.on('resize', onResize);
    if (!keys.isTTY) return;
    keys.setRawMode(true);
    keys.on('data', this.#onKeys).resume();
  }

  get room(): Room {
    const { columns, rows } = this.#output;
    return columns > 0 && rows > 0 ? { columns, rows } : DEFAULT_ROOM;
  }

  /** Shows these lines and nothing else. A terminal that has not taken the last ones is left alone. */
  show(lines: readonly Line[]): void {
    if (!this.#isOurs || this.#output.writableNeedDrain) return;
    const text = lines.map((line) => this.#styled(line) + CLEAR_LINE_END).join('\r\n');
    this.#output.write(HOME + text + CLEAR_BELOW);
  }

  [Symbol.dispose](): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    process.off('exit', this.#leave);
    this.#output.off('resize', this.#onResize);
    this.#output.write(LEAVE);
    if (!this.#keys.isTTY) return;
    this.#keys.off('data', this.#onKeys).pause();
    this.#keys.setRawMode(false);
  }

  #styled({ text, style }: Line): string {
    return style === undefined || !this.#hasColour ? text : STYLES[style] + text + PLAIN;
  }
}
