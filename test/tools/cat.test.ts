import { readFile, rm, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { cat, type CatFilter } from '../../src/tools/cat.ts';
import { writeArchive } from '../helpers/archives.ts';
import { makeBlock, makeBlocks, numberedLines } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { elsewhere, here, writePart } from '../helpers/parted_archives.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

/** A stream that keeps what it was given, at once: an error behind it takes nothing back. */
class Kept extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** One that takes a piece at a time, the first only once `first` has settled. */
class Slow extends Kept {
  readonly #first: () => Promise<void>;

  constructor(first: () => Promise<void>) {
    super({ highWaterMark: 1 });
    this.#first = first;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    const go = (): void => super._write(chunk, encoding, done);
    if (this.text === '') void this.#first().then(go);
    else go();
  }
}

/** What is said on standard error while `work` runs, and what it settles with. */
async function withErrors<T>(work: () => Promise<T>): Promise<T & { errors: string[] }> {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const result = await work();
    return { ...result, errors: said.mock.calls.map(([line]) => String(line)) };
  } finally {
    said.mockRestore();
  }
}

async function printed(
  folder: string | readonly string[],
  filter: CatFilter = {},
): Promise<{ exitCode: number; text: string; isOpen: boolean }> {
  const output = new Kept();
  const exitCode = await cat([folder].flat(), filter, output);
  return { exitCode, text: output.text, isOpen: output.writable };
}

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);

/** Blocks 1 to 4 of `a`, one an hour from the start of 2026, and one of `b` received in the fourth hour; a gap, and two segments. */
async function sample(folder: string): Promise<void> {
  const blocks = await Promise.all(
    [1, 2, 3, 4].map((sequence) => makeBlock({ sequence, receivedAtMs: START + (sequence - 1) * HOUR_MS })),
  );
  const gap = await makeBlock({
    sequence: 5,
    text: '',
    gap: { from: 5, entries: 9, reason: 'spool full' },
    receivedAtMs: START + 3 * HOUR_MS,
  });
  const other = await makeBlock({ shipperId: 'b', receivedAtMs: START + 3 * HOUR_MS });
  await writeArchive(folder, [...blocks, gap, other], 'one by one', { segmentMaxBytes: 600 });
}

const linesOf = (...sequences: number[]): string =>
  sequences.map((sequence) => numberedLines('a', sequence * 10, 2)).join('');
const OF_B = numberedLines('b', 10, 2);

describe('the entries of an archive are printed', () => {
  test.each([
    ['all of them in order', {}, linesOf(1, 2, 3, 4) + OF_B],
    ['those of one shipper', { shipper: 'b' }, OF_B],
    ['none for a shipper that is not there', { shipper: 'c' }, ''],
    ['from a time on, that moment included', { since: '2026-01-01T02:00:00Z' }, linesOf(3, 4) + OF_B],
    ['up to a time, that moment not included', { until: '2026-01-01T02:00:00Z' }, linesOf(1, 2)],
    [
      'between two times, of a shipper',
      { since: '2026-01-01T01:00:00Z', until: '2026-01-01T04:00:00Z', shipper: 'a' },
      linesOf(2, 3, 4),
    ],
    ['none newer than now', { since: '0s' }, ''],
  ] as [string, CatFilter, string][])('%s', async (_, filter, text) => {
    await using folder = await temporaryFolder();
    await sample(folder.path);
    expect(await printed(folder.path, filter)).toEqual({ exitCode: 0, text, isOpen: true });
  });
});

test('a time that is none is an error', async () => {
  await using folder = await temporaryFolder();
  await sample(folder.path);
  await expect(printed(folder.path, { since: 'yesterday' })).rejects.toThrow('is not a time');
});

test('damage ends it with exit code 1, after what is before the damage', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 3));
  const path = folder.in('logs_20260131_120000.jsonl.gz');
  await writeFile(path, (await readFile(path)).subarray(0, -3));
  const { exitCode, text, errors } = await withErrors(() => printed(folder.path));
  expect({ exitCode, text }).toEqual({ exitCode: 1, text: linesOf(1, 2) });
  expect(errors).toEqual([expect.stringMatching(/^error: logs_20260131_120000.*ends inside a block/)]);
});

test('a segment that retention deletes meanwhile is left out, and that is said', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 9), 'one by one', { segmentMaxBytes: 1 });
  const names = (await listSegments(folder.path)).map(({ name }) => name);
  const gone = names.slice(5, 7);
  const output = new Slow(async () => {
    for (const name of gone) await rm(folder.in(name));
  });
  const { exitCode, errors } = await withErrors(async () => ({
    exitCode: await cat([folder.path], {}, output),
  }));
  expect({ exitCode, text: output.text }).toEqual({ exitCode: 0, text: linesOf(1, 2, 3, 4, 5, 8, 9) });
  expect(errors).toEqual(gone.map((name) => `note: ${name} was deleted meanwhile\n`));
});

describe('of several archives', () => {
  test('the entries come as they were received, each archive in its own order, and numbers that are elsewhere say nothing', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(a, here(1, 2), elsewhere(3, 4), here(5, 5));
    await writePart(b, elsewhere(1, 2), here(3, 4), elsewhere(5, 5), here(6, 6));
    const all = [1, 2, 3, 4, 5, 6].map((sequence) => numberedLines('web-1', sequence * 10, 2)).join('');
    for (const folders of [
      [a, b],
      [b, a],
    ])
      expect(await printed(folders)).toMatchObject({ exitCode: 0, text: all });
  });

  test.each([
    ['in the header of a block', 20],
    ['in its body', -9],
  ])('damage %s ends it, and is told with its folder', async (_, at) => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(a, here(1, 1), elsewhere(2, 2), here(3, 4));
    await writePart(b, here(2, 2), elsewhere(3, 4), here(5, 5));
    const path = `${a}/logs_20260131_120000.jsonl.gz`;
    const bytes = await readFile(path);
    const last = bytes.lastIndexOf(Buffer.from([0x1f, 0x8b, 8, 4]));
    const damaged = at < 0 ? bytes.length + at : last + at;
    bytes[damaged] = ~(bytes[damaged] ?? 0);
    await writeFile(path, bytes);
    const { exitCode, text, errors } = await withErrors(() => printed([a, b]));
    expect(exitCode).toBe(1);
    expect(text.match(/"n":\d0/g)).toEqual(['"n":10', '"n":20', '"n":30']);
    expect(errors).toEqual([expect.stringContaining(`error: ${path} at byte ${last}: `)]);
  });
});

test('a folder that is not there is an error', async () => {
  expect(await codeOf(() => printed('/nonexistent/archive'))).toBe('ENOENT');
});

describe('a reader', () => {
  const failing = (code: string): Writable =>
    new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
    });

  test('that closes the pipe has seen enough: exit code 0', async () => {
    await using folder = await temporaryFolder();
    await sample(folder.path);
    expect(await cat([folder.path], {}, failing('EPIPE'))).toBe(0);
  });

  test('that fails in another way is an error', async () => {
    await using folder = await temporaryFolder();
    await sample(folder.path);
    expect(await codeOf(() => cat([folder.path], {}, failing('ENOSPC')))).toBe('ENOSPC');
  });
});
