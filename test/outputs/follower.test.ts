import { readFile, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readPlaces } from '../../src/archive/follower_places.ts';
import { claimOutput, isFollowed } from '../../src/outputs/claim.ts';
import { followArchive } from '../../src/outputs/follower.ts';
import { jsonlOutput } from '../../src/outputs/jsonl.ts';
import { claimWhenFree, keepFollowing } from '../../src/outputs/keep_following.ts';
import { AT_START, type OutputPlan } from '../../src/outputs/output.ts';
import { OUTPUT_NAMES, planOutput } from '../../src/outputs/plans.ts';
import { OUTPUT_OPTIONS } from '../../src/config/options/outputs.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { blocksIn, makeBlock, makeBlocks } from '../helpers/blocks.ts';
import { memoryOutput } from '../helpers/memory_output.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const never = new AbortController().signal;
const ignore = (): void => undefined;
const textOf = async (folder: string): Promise<string> =>
  (await blocksIn(folder)).map(({ text }) => text).join('');

const planIn = (file: string): OutputPlan => jsonlOutput({ file, maxBytes: 0, maxFiles: 0 });

describe('a follower', () => {
  test('ends once it has caught up, and goes on there the next time', async () => {
    await using folder = await temporaryFolder();
    await using target = await temporaryFolder();
    const options = {
      folder: folder.path,
      plan: planIn(target.in('x.jsonl')),
      isOnce: true,
      signal: never,
      found: ignore,
    };
    await writeArchive(folder.path, await makeBlocks(1, 3));
    expect(await followArchive(options)).toMatchObject({ entries: 6, malformed: 0, damaged: 0 });
    await writeArchive(folder.path, await makeBlocks(4, 5), 'one by one', { segmentMaxBytes: 1 });
    expect(await followArchive(options)).toMatchObject({ entries: 10 });
    expect(await followArchive(options)).toMatchObject({ entries: 10 });
    expect(await readFile(target.in('x.jsonl'), 'utf8')).toBe(await textOf(folder.path));
    expect((await readPlaces(folder.path)).get('jsonl')).toMatchObject({
      entries: 10,
      position: expect.anything() as object,
    });
  });

  test('saves what comes, soon, and tells retention; it ends when the signal aborts', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const plan = memoryOutput();
    const stop = new AbortController();
    const following = followArchive({ folder: folder.path, plan, signal: stop.signal, found: ignore });
    for (const block of await makeBlocks(1, 5)) {
      await opened.archive.append(block);
      await until('it is there', () => plan.lines.length === block.sequence * 2);
    }
    await until(
      'it is saved and known',
      async () => (await readPlaces(folder.path)).get('memory')?.entries === 10,
    );
    expect(plan.saves).toBeLessThanOrEqual(5);
    stop.abort();
    expect(await following).toMatchObject({ entries: 10 });
  });

  test('keeps malformed lines aside, counts them, and none twice', async () => {
    await using folder = await temporaryFolder();
    const text = '{"n":1}\n{"n":2]}\n{"n":3}\n';
    await writeArchive(folder.path, [await makeBlock({ text }), ...(await makeBlocks(2, 3, { text }))]);
    const plan = memoryOutput(2);
    const stop = new AbortController();
    const following = keepFollowing({
      folder: folder.path,
      plan,
      signal: stop.signal,
      found: ignore,
      troubled: ignore,
      recovered: () => stop.abort(),
      retryAfterMs: 1,
    });
    await following;
    expect(plan.lines).toEqual(['{"n":1}', '{"n":3}', '{"n":1}', '{"n":3}', '{"n":1}', '{"n":3}']);
    const records = (await readFile(folder.in('rejected', 'memory.jsonl'), 'utf8')).split('\n').slice(0, -1);
    expect(records.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(
      Array(3).fill('{"n":2]}'),
    );
    expect((await readPlaces(folder.path)).get('memory')).toMatchObject({ entries: 6, malformed: 3 });
  });

  test('whose output fails is told once, tries again from what was saved, and says when it is well', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 3));
    const plan = memoryOutput(5);
    const stop = new AbortController();
    const told: string[] = [];
    await keepFollowing({
      folder: folder.path,
      plan,
      signal: stop.signal,
      found: ignore,
      troubled: ({ message }) => told.push(message),
      recovered: () => {
        told.push('recovered');
        stop.abort();
      },
      retryAfterMs: 1,
    });
    expect(told).toEqual(['no space left', 'recovered']);
    expect(plan.lines.join('\n')).toBe((await textOf(folder.path)).trim());
  });

  test('says what it leaves out of a damaged archive, and counts it', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 2), 'one by one', { segmentMaxBytes: 1 });
    const plan = memoryOutput();
    const options = { folder: folder.path, plan, isOnce: true, signal: never };
    const found: string[] = [];
    expect(await followArchive({ ...options, found: (finding) => found.push(finding) })).toEqual({
      ...AT_START,
      entries: 4,
      position: expect.anything() as object,
    });
    await rm(folder.in((await blocksIn(folder.path))[0]?.segment ?? ''));
    expect(found).toEqual([]);
  });
});

describe('an output', () => {
  test('has one follower at a time, and its file too', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const plan = planIn(folder.in('x.jsonl'));
    expect(await isFollowed(folder.path, 'jsonl')).toBe(false);
    {
      await using held = new AsyncDisposableStack();
      held.use(await claimOutput(folder.path, plan));
      expect(await isFollowed(folder.path, 'jsonl')).toBe(true);
      await expect(claimOutput(folder.path, planIn(folder.in('y.jsonl')))).rejects.toThrow(
        'another follower',
      );
      await expect(claimOutput(other.path, plan)).rejects.toThrow('another follower');
      held.use(await claimOutput(other.path, planIn(other.in('x.jsonl'))));
    }
    expect(await isFollowed(folder.path, 'jsonl')).toBe(false);
    await (await claimOutput(folder.path, plan))[Symbol.asyncDispose]();
  });

  test('that is taken is waited for', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.jsonl'));
    const held = await claimOutput(folder.path, plan);
    const told: string[] = [];
    const waiting = claimWhenFree(folder.path, plan, {
      signal: never,
      troubled: ({ message }) => told.push(message),
      recovered: () => told.push('free'),
    });
    await until('it is told', () => told.length === 1);
    await held[Symbol.asyncDispose]();
    await using claim = await waiting;
    expect(claim).toBeDefined();
    expect(told).toEqual([expect.stringContaining('another follower'), 'free']);
  });
});

test('OUTPUTS names the outputs there are', () => {
  expect(OUTPUT_OPTIONS.OUTPUTS.kind.parse(OUTPUT_NAMES.join(', '))).toEqual(OUTPUT_NAMES);
  expect(OUTPUT_OPTIONS.OUTPUTS.kind.parse('')).toEqual([]);
  expect(() => OUTPUT_OPTIONS.OUTPUTS.kind.parse('csv,cvs')).toThrow('expected any of');
  const settings = {
    folder: '/a',
    csvFile: '/b',
    isCsvDefused: true,
    sqliteFile: '/c',
    textFile: '/d',
    textTemplate: '{message}',
    jsonlFile: '/e',
    userFilesFolder: '/f',
    eventsFolder: '/g',
    maxPayloadBytes: 1,
    snapshotEvery: 1,
    maxBytes: 0,
    maxFiles: 0,
  };
  for (const name of OUTPUT_NAMES) expect(planOutput(name, settings).name).toBe(name);
});
