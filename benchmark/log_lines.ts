/**
 * The file that is shipped: JSON lines of about 213 bytes full of random ids, the kind of log that compresses badly
 * (gzip 1 makes 3.3 : 1). The same seed makes the same file. To have one: `node benchmark/log_lines.ts FILE ENTRIES [SEED]`
 */
import { open } from 'node:fs/promises';
import { seededRandom } from '../src/shipper/random.ts';

const SERVICES = ['api-gw', 'auth', 'billing', 'catalog', 'orders', 'payments', 'search', 'worker'];
const LEVELS = [
  ...Array<string>(76).fill('INFO'),
  ...Array<string>(12).fill('DEBUG'),
  ...Array<string>(8).fill('WARN'),
  ...Array<string>(4).fill('ERROR'),
];
const STATUS: Readonly<Record<string, readonly number[]>> = {
  INFO: [200, 200, 200, 200, 201, 204, 304],
  DEBUG: [200],
  WARN: [400, 401, 404, 429],
  ERROR: [500, 502, 503, 504],
};

type Below = (bound: number) => number;
const address = (below: Below): string => `10.${below(4)}.${below(64)}.${1 + below(254)}`;
const MESSAGES: readonly ((below: Below) => string)[] = [
  (below) => `GET /v1/orders/${below(1_000_000)}`,
  (below) => `POST /v1/cart/${below(1_000_000)}`,
  (below) => `login ok from ${address(below)}`,
  (below) => `login failed from ${address(below)}`,
  (below) => `cache miss key=u:${below(100_000)}`,
  (below) => `cache hit key=p:${below(100_000)}`,
  (below) => `db query took ${below(900)}ms`,
  (below) => `slow query ${500 + below(4500)}ms rows=${below(10_000)}`,
  (below) => `job ${below(10_000_000)} started`,
  (below) => `job ${below(10_000_000)} done in ${below(60_000)}ms`,
  (below) => `retry ${1 + below(5)} of 5 ${address(below)}`,
  (below) => `payment ${below(10_000_000)} approved`,
  (below) => `payment ${below(10_000_000)} declined`,
  (below) => `stock low sku=${below(100_000)} left=${below(9)}`,
  (below) => `token refreshed ttl=${60 + below(3540)}s`,
  (below) => `gc pause ${below(120)}ms heap=${64 + below(4032)}MB`,
  (below) => `queue depth ${below(50_000)}`,
  (below) => `webhook sent to ${address(below)}`,
];

const FIRST_TIME_MS = Date.UTC(2024, 5, 7);
const LINES_AT_ONCE = 2000;

/** Writes `entries` lines to `path`; the answer is the bytes written. Stops early when `signal` aborts. */
export async function writeLogFile(
  path: string,
  entries: number,
  seed = 1,
  signal?: AbortSignal,
): Promise<number> {
  await using file = await open(path, 'w');
  const next = lineMaker(seed);
  let bytes = 0;
  for (let written = 0; written < entries;) {
    signal?.throwIfAborted();
    const count = Math.min(LINES_AT_ONCE, entries - written);
    let text = '';
    for (let made = 0; made < count; made += 1) text += next();
    bytes += (await file.write(text)).bytesWritten;
    written += count;
  }
  return bytes;
}

/** Makes one line after the other, each ended by a newline. */
export function lineMaker(seed: number): () => string {
  const random = seededRandom(seed);
  const below: Below = (bound) => Math.floor(random() * bound);
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  const hex = (digits: number): string =>
    below(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  let timeMs = FIRST_TIME_MS;
  return () => {
    timeMs += below(10);
    const level = pick(LEVELS);
    const request = `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(6)}${hex(6)}`;
    return (
      `{"ts":"${new Date(timeMs).toISOString()}","level":"${level}","svc":"${pick(SERVICES)}","host":"n${10 + below(10)}",` +
      `"msg":"${pick(MESSAGES)(below)}","uid":${1000 + below(99_000)},"sid":"${hex(8)}${hex(8)}","rid":"${request}",` +
      `"status":${pick(STATUS[level] ?? [200])},"ms":${Math.floor(5 + 400 * random() ** 6)}}\n`
    );
  };
}

if (import.meta.main) {
  const [path, entries, seed = '1'] = process.argv.slice(2);
  if (path === undefined || entries === undefined)
    throw new Error('usage: node benchmark/log_lines.ts FILE ENTRIES [SEED]');
  await writeLogFile(path, Number(entries), Number(seed));
}
