import { deflateSync, gzipSync } from 'node:zlib';
import { seededRandom } from '../src/shipper/random.ts';
import { encodeFrame, type Algorithm } from '../src/wire/frame.ts';

export type PlainAlgorithm = Exclude<Algorithm, 'zstd'>;

/** What clients of the original protocol take by default. */
const LEVEL = 6;

const COMPRESS: Readonly<Record<PlainAlgorithm, (array: Buffer) => Buffer>> = {
  none: (array) => array,
  gzip: (array) => gzipSync(array, { level: LEVEL }),
  zlib: (array) => deflateSync(array, { level: LEVEL }),
};

/** Frames of the original protocol, ready to be written: `count` JSON arrays of `size` entries of about 120 bytes. */
export function plainFrames(
  algorithm: PlainAlgorithm,
  { count, size, seed }: { count: number; size: number; seed: number },
): Buffer[] {
  const next = entryMaker(seed);
  return Array.from({ length: count }, () => {
    const array = Buffer.from(`[${Array.from({ length: size }, next).join(',')}]`);
    return encodeFrame('PLAIN', COMPRESS[algorithm](array), algorithm);
  });
}

const LEVELS = ['INFO', 'INFO', 'INFO', 'INFO', 'INFO', 'INFO', 'DEBUG', 'WARN', 'ERROR'];
const SERVICES = ['api', 'auth', 'billing', 'catalog', 'orders', 'payments', 'search', 'worker'];
const MESSAGES = ['request served', 'login failed', 'order placed', 'payment declined', 'cache missed'];
const FIRST_TIME_MS = Date.UTC(2026, 0, 1);

function entryMaker(seed: number): () => string {
  const random = seededRandom(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const pick = (choices: readonly string[]): string => choices[below(choices.length)] ?? '';
  let number = 0;
  return () => {
    number += 1;
    const timestamp = new Date(FIRST_TIME_MS + number * 7).toISOString();
    return `{"timestamp":"${timestamp}","level":"${pick(LEVELS)}","service":"${pick(SERVICES)}","message":"${pick(MESSAGES)}","ms":${below(2000)},"n":${number}}`;
  };
}
