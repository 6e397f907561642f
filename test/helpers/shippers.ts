import { Shipper, type ShipperOptions } from '../../src/shipper/shipper.ts';
import type { Chunk, Source } from '../../src/shipper/source.ts';
import { silentLog } from './logs.ts';

/** A source of these lines, `perChunk` at a time, that can't be read again. */
export function linesSource(lines: readonly string[], perChunk = 1): Source {
  return {
    name: 'lines',
    canReread: false,
    // eslint-disable-next-line @typescript-eslint/require-await -- there is nothing to wait for, and a source is asynchronous
    async *read(_from, signal) {
      for (let at = 0; at < lines.length && !signal.aborted; at += perChunk)
        yield chunkOf(lines.slice(at, at + perChunk));
    },
  };
}

/** A source of these lines that goes on when `pace` settles; it is told how many lines were yielded. */
export function pacedSource(lines: readonly string[], pace: (yielded: number) => Promise<void>): Source {
  return {
    name: 'paced lines',
    canReread: false,
    async *read() {
      for (const [index, line] of lines.entries()) {
        yield chunkOf([line]);
        await pace(index + 1);
      }
    },
  };
}

export function chunkOf(lines: readonly string[], positions: Chunk['positions'] = {}): Chunk {
  return {
    lines: { bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')), count: lines.length },
    positions,
  };
}

export const numbered = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => `{"n":${from + index}}`);

export interface ShipperWishes extends Partial<Omit<ShipperOptions, 'dial'>> {
  readonly port: number;
  readonly source: Source;
  readonly stateFolder: string;
  readonly dial?: Partial<ShipperOptions['dial']>;
}

/** A shipper to a receiver on this machine that is quick to greet and to reconnect; small batches, gzip. */
export function testShipper({ port, dial, ...wishes }: ShipperWishes): Shipper {
  return new Shipper({
    batcher: { size: 10, intervalMs: 10, maxBytes: 64 * 1024 },
    compression: { algorithm: 'gzip', level: 6, bypassBelow: 0 },
    dial: {
      addresses: [{ host: '127.0.0.1', port }],
      delivery: 'auto',
      helloTimeoutMs: 20_000,
      shipperId: 'test-shipper',
      ...dial,
    },
    reconnect: { firstMs: 5, maxMs: 20 },
    log: silentLog,
    closeTimeoutMs: 5000,
    ...wishes,
  });
}

/** A signal to stop that never comes. */
export const neverStop = (): AbortSignal => new AbortController().signal;
