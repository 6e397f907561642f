/**
 * pino to a receiver. `pino.transport({ target: 'logferry/pino', options })` runs the default export in pino's thread;
 * `pino(pinoStream(options))` writes from the application's own thread. docs/PINO.md says which keeps what.
 */
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { librarySettings } from '../config/library.ts';
import { createShipper } from './create_shipper.ts';
import type { Shipper, ShipperOptions, ShipperProblem } from './shipper.ts';
import { warn } from './warn.ts';

export type { ShipperOptions, ShipperProblem } from './shipper.ts';

/** What pino needs of a destination, and the shipper behind it. */
export interface PinoStream {
  /** Takes a line. With `spoolDir`, once it is ready, the line is in a file when this returns. */
  write(line: string): void;
  /** For `logger.flush(callback)`: called when all that was logged is acknowledged, or with why not. */
  flush(callback?: (error?: Error) => void): void;
  /** As `close` of the shipper, which is to be waited for. */
  end(): void;
  /** By which pino knows that this is a stream. */
  readonly writable: true;
  readonly shipper: Shipper;
}

/** A destination for pino in the application's own thread. Throws ConfigError with every problem the options have. */
export function pinoStream(options: ShipperOptions = {}): PinoStream {
  const shipper = createShipper(options);
  return {
    shipper,
    writable: true,
    write: (line) => shipper.write(line),
    flush: (callback = () => undefined) => void shipper.flush().then(() => callback(), callback),
    end: () => void shipper.close(),
  };
}

/** Until a transport is ready pino gathers lines without a bound, and can't end in order. */
const READY_WITHIN_MS = 2000;

/** What pino puts beside the options of a target. */
const OF_PINO: readonly string[] = ['$context', 'pinoWillSendConfig'];

/**
 * The target of `pino.transport`: settles, and so makes the transport ready, when entries are kept from the moment they
 * reach pino's thread, or after two seconds. Rejects with ConfigError. Problems are `problem` events of the transport, beside the warnings.
 */
export default async function transport(given: ShipperOptions): Promise<Writable> {
  const options: ShipperOptions = Object.fromEntries(
    Object.entries(given).filter(([name]) => !OF_PINO.includes(name)),
  );
  const { EXIT_TIMEOUT } = librarySettings(options);
  const shipper = createShipper({ onProblem: tellBoth, ...options });
  await Promise.race([shipper.ready(), delay(READY_WITHIN_MS)]);
  return new TransportStream(shipper, EXIT_TIMEOUT);
}

/** What pino's thread writes to. Its end is the end of the process, as a rule, which waits for it: so it is brief. */
class TransportStream extends Writable {
  readonly #shipper: Shipper;
  readonly #endSeconds: number;
  /** The beginning of a line whose end has not come: pino's thread gets bytes, not lines. */
  #rest = '';

  constructor(shipper: Shipper, endSeconds: number) {
    super({ decodeStrings: false });
    this.#shipper = shipper;
    this.#endSeconds = endSeconds;
  }

  /** For `logger.flush(callback)`. */
  flush(callback: (error?: Error) => void): void {
    void this.#shipper.flush().then(() => callback(), callback);
  }

  override _write(text: string, _encoding: string, done: () => void): void {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) {
      this.#shipper.write(this.#rest + text.slice(0, end));
      this.#rest = '';
    }
    this.#rest += text.slice(end);
    done();
  }

  override _final(done: (error?: Error) => void): void {
    this.#shipper.write(this.#rest);
    void this.#shipper.close(this.#endSeconds).then(() => done(), done);
  }
}

/** To the application, by way of pino's thread, and to whoever reads its standard error. */
function tellBoth(problem: ShipperProblem): void {
  parentPort?.postMessage({ code: 'EVENT', name: 'problem', args: [problem] });
  warn(problem);
}
