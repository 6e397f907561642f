/** Random input, for `FUZZ_SECONDS` in all (30 where nothing is said). A failure prints its seed and the smallest example. */
import { rm, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findBlock, readBlocks, damageOf } from '../../src/archive/block_reader.ts';
import { sealHeader } from '../../src/archive/block.ts';
import { FORMATS, encodeMember, type FormatName } from '../../src/archive/format.ts';
import { recover } from '../../src/archive/recovery.ts';
import { parseSegmentName } from '../../src/archive/segment_name.ts';
import { FrameDecoder } from '../../src/wire/decoder.ts';
import { WireError } from '../../src/wire/wire_error.ts';
import { openArchive } from '../helpers/archives.ts';
import { makeBlock, makeBlocks, memberBytes } from '../helpers/blocks.ts';
import { conversations, cutAt, mutate, mutations } from '../helpers/fuzz_frames.ts';
import { rawPeer } from '../helpers/raw_peer.ts';
import { verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import { WitnessedReceiver } from '../helpers/witness.ts';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 30);
const TIMEOUT_MS = SECONDS * 1000 + 60_000;

/** As many runs as the time allows. */
const forShare = (share: number): fc.Parameters<unknown> => ({
  numRuns: 1e9,
  plugins: [fc.interruptAfterTimeLimit(SECONDS * share * 1000)],
  endOnFailure: SECONDS <= 60,
  ...(process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }),
});

/** An asynchronous property that time may interrupt: `settled` is when its last run has come to its end. */
function settling<T>(arbitrary: fc.Arbitrary<T>, run: (value: T) => Promise<void>) {
  let last = Promise.resolve();
  return { property: fc.asyncProperty(arbitrary, (value) => (last = run(value))), settled: () => last };
}

/** Far less than what the numbers in mutated input claim. */
const MEMORY_BOUND_BYTES = 700 * 1024 * 1024;

const expectLittleMemory = (): void =>
  expect(process.resourceUsage().maxRSS * 1024, 'the most memory ever held').toBeLessThan(MEMORY_BOUND_BYTES);

/** True where a frame is a HELLO: by its type, for bits 1-2 of the flags mean nothing where bit 0 is clear. */
function saysHello(bytes: Buffer): boolean {
  const decoder = new FrameDecoder({ maxFrameBytes: bytes.length });
  try {
    for (const { type } of decoder.push(bytes)) if (type === 'HELLO') return true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return false;
}

test(
  'whatever peers say, the receiver lives, another shipper ships on, and who did not greet hears nothing',
  async () => {
    const witnessed = await WitnessedReceiver.start({ limits: { idleTimeoutMs: 2000 } });
    const { receiver } = witnessed;
    const { property, settled } = settling(conversations, async ({ bytes, pieces, isReset }) => {
      await using peer = await rawPeer(receiver.port);
      for (const piece of pieces) await new Promise<void>((sent) => peer.socket.write(piece, () => sent()));
      if (isReset) peer.socket.resetAndDestroy();
      else {
        peer.socket.end();
        await peer.ended();
      }
      if (!saysHello(bytes)) expect(peer.bytesReceived).toBe(0);
      await witnessed.shipsOn();
    });
    await fc.assert(property, forShare(0.5));
    await settled();
    await until('all are forgotten', () => receiver.ledger.connections === 1);
    expect(receiver.ledger.inHand).toBe(0);
    expect(receiver.ledger.rejected, 'some of it went deep').toBeGreaterThan(0);
    expect(Object.keys(receiver.ledger.errors).length, 'in many ways').toBeGreaterThan(4);
    const { code, report, isWitnessWhole } = await witnessed.end();
    expect(code, report).toBe(0);
    expect(isWitnessWhole).toBe(true);
    expectLittleMemory();
  },
  TIMEOUT_MS,
);

const SEGMENTS = { gzip: 'logs_20260131_120000.jsonl.gz', zstd: 'logs_20260131_120000.jsonl.zst' } as const;

/** Every block from `at` on, going on behind damage as `verify` does; throws what is neither a block nor damage. */
async function walk(folder: string, format: FormatName): Promise<void> {
  const segment = parseSegmentName(SEGMENTS[format]);
  if (segment === undefined) throw new Error('no segment');
  for (let at: number | undefined = 0; at !== undefined;) {
    try {
      for await (const block of readBlocks(folder, segment, at)) {
        expect(block.endOffset).toBeGreaterThan(block.position.offset);
        const raw = await block.read();
        expect(raw.length).toBe(block.header.rawLength);
      }
      return;
    } catch (error) {
      const damage = damageOf(error);
      if (damage === undefined) throw error;
      expect(error).toMatchObject({ code: 'damaged' });
      const next: number | undefined = await findBlock(folder, segment, damage.nextAt);
      expect(next ?? Infinity).toBeGreaterThan(damage.position.offset);
      at = next;
    }
  }
}

test.each(['gzip', 'zstd'] as const)(
  'whatever became of a %s segment, readers find blocks or damage, and a receiver starts on it',
  async (format) => {
    await using folder = await temporaryFolder();
    const path = folder.in(SEGMENTS[format]);
    const blocks = await makeBlocks(1, 6, { format });
    const whole = Buffer.concat(blocks.map((block) => memberBytes(block, 0, format)));
    const { property, settled } = settling(mutations, async (changes) => {
      await writeFile(path, mutate(whole, changes));
      await walk(folder.path, format);
      await verdictOn(folder.path);
      await recover(folder.path);
      await rm(folder.in('damaged'), { recursive: true, force: true });
    });
    await fc.assert(property, forShare(0.15));
    await settled();
    await using opened = await openArchive(folder.path, { format });
    expect(opened.archive.trouble).toBeUndefined();
    expectLittleMemory();
  },
  TIMEOUT_MS,
);

test.each(['gzip', 'zstd'] as const)(
  'a %s block whose header lies about lengths, with a right CRC, is damage and costs no memory',
  async (format) => {
    await using folder = await temporaryFolder();
    const number32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    await fc.assert(
      fc.asyncProperty(number32, fc.option(number32), async (rawLength, memberLength) => {
        const { pieces, header, length } = encodeMember(
          FORMATS[format],
          await makeBlock({ format, rawLength }),
        );
        sealHeader(header, memberLength ?? length, 0);
        await writeFile(folder.in(SEGMENTS[format]), Buffer.concat(pieces));
        await walk(folder.path, format);
        expectLittleMemory();
      }),
      forShare(0.05),
    );
  },
  TIMEOUT_MS,
);

test(
  'however a stream is cut, the decoder finds the same frames and the same error',
  () => {
    const decode = (pieces: readonly Buffer[]): unknown[] => {
      const decoder = new FrameDecoder({ maxFrameBytes: 1000 });
      const found: unknown[] = [];
      try {
        for (const piece of pieces)
          for (const { payload, ...kind } of decoder.push(piece))
            found.push({ ...kind, payload: payload.toString('hex') });
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        found.push(error.code);
      }
      return found;
    };
    fc.assert(
      fc.property(conversations, fc.array(fc.nat({ max: 30 })), ({ bytes }, cuts) => {
        expect(decode(cutAt(bytes, cuts))).toEqual(decode([bytes]));
      }),
      forShare(0.1) as fc.Parameters<[unknown, unknown]>,
    );
  },
  TIMEOUT_MS,
);
