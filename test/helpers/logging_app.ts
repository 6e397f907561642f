/**
 * An application that logs numbered lines `{"run","n"}`, told what to do by lines on its standard input. The way it logs
 * is its first argument (`library`, `stream`: pino in its own thread, `transport`: pino's thread), the options its second.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { pino } from 'pino';
import { createShipper } from '../../src/library/create_shipper.ts';
import { pinoStream } from '../../src/library/pino.ts';
import type { ShipperOptions } from '../../src/library/shipper.ts';

const [way = '', given = '{}', run = '1'] = process.argv.slice(2);
const options = JSON.parse(given) as ShipperOptions;

/** Synchronous: the test knows all that was said before a kill. */
const say = (word: object): void => void writeSync(1, `${JSON.stringify(word)}\n`);

interface Way {
  log(n: number): void;
  flush(): Promise<void>;
  close(): Promise<void>;
  counts(): object;
}

const onProblem = (problem: object): void => say({ problem });

const base = { run: Number(run) };
const asPino = (destination: pino.DestinationStream) => pino({ base, timestamp: false }, destination);

const WAYS: Readonly<Record<string, () => Promise<Way>>> = {
  async library() {
    const shipper = createShipper({ ...options, onProblem });
    await shipper.ready();
    return {
      log: (n) => shipper.log({ ...base, n }),
      flush: () => shipper.flush(),
      close: () => shipper.close(),
      counts: () => shipper.counts,
    };
  },
  async stream() {
    const stream = pinoStream({ ...options, onProblem });
    const logger = asPino(stream);
    await stream.shipper.ready();
    return {
      log: (n) => logger.info({ n }),
      flush: () => stream.shipper.flush(),
      close: () => stream.shipper.close(),
      counts: () => stream.shipper.counts,
    };
  },
  async transport() {
    const target = new URL('../../src/library/pino.ts', import.meta.url).pathname;
    const transport = pino.transport<ShipperOptions>({ target, options }) as pino.DestinationStream &
      NodeJS.EventEmitter & { end(): void };
    transport.on('problem', onProblem);
    transport.on('error', (error: Error) => say({ error: error.message }));
    const logger = asPino(transport);
    await once(transport, 'ready');
    return {
      log: (n) => logger.info({ n }),
      flush: () =>
        new Promise((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve()))),
      async close() {
        const closed = once(transport, 'close');
        transport.end();
        await closed;
      },
      counts: () => ({}),
    };
  },
};

const start = WAYS[way];
if (start === undefined) throw new Error(`no such way to log: ${way}`);
const chosen = await start();
let n = 0;
say({ ready: true });

const logLines = (count: number): void => {
  for (let left = count; left > 0; left -= 1) chosen.log((n += 1));
};

/** A few lines a turn, each told when it was logged, until the process is killed. */
function logOn(): void {
  logLines(20);
  say({ logged: n });
  setImmediate(logOn);
}

process.on('SIGTERM', () => void chosen.close().then(() => process.exit(0)));

for await (const line of createInterface({ input: process.stdin })) {
  const [order = '', count = '0'] = line.split(' ');
  if (order === 'log') logLines(Number(count));
  if (order === 'log on') logOn();
  if (order === 'flush') await chosen.flush().catch((error: unknown) => say({ error: String(error) }));
  if (order === 'close') await chosen.close();
  if (order === 'throw')
    setImmediate(() => {
      throw new Error('the application fell');
    });
  if (order === 'closing') void chosen.close();
  if (order === 'closing' || order === 'exit') process.exit(Number(count));
  if (order === 'on') logOn();
  say({ did: order, logged: n, ...chosen.counts() });
  if (order === 'leave') break;
}
process.stdin.destroy();
