import { appendFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readLoss, readPlaces } from '../../src/archive/follower_places.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { writeArchive } from '../helpers/archives.ts';
import { makeBlock, makeBlocks } from '../helpers/blocks.ts';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import {
  NAMES,
  followOnce,
  numbersIn,
  outputEnv,
  startFollower,
  textOf,
  type Name,
} from '../helpers/output_programs.ts';
import { hasPython, startPython } from '../helpers/processes.ts';
import { Program, ReceiverProgram, runServer, startShipper, type Ended } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { canMount, mountTmpfs } from '../helpers/tmpfs.ts';
import { until } from '../helpers/until.ts';

const isMounting = await canMount();

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  await using program = new Program('server_main.ts', args, env);
  return await program.ended();
}

/** The entries that the Python program reads from an output. */
async function pythonReads(kind: 'csv' | 'sqlite', path: string): Promise<Record<string, unknown>[]> {
  await using python = startPython('read_outputs.py', [kind, path]);
  expect(await python.exited, python.stderr).toBe(0);
  return python.messages();
}

describe('OUTPUTS', () => {
  test('are written beside the archive while it is, hold what it holds, and go on after a restart', async () => {
    await using folder = await temporaryFolder();
    const file = folder.in('input.jsonl');
    const env = { ...outputEnv(folder.path), OUTPUTS: 'csv,sqlite,text,jsonl,stats' };
    for (const count of [3000, 5000]) {
      await writeNumberedFile(file, count);
      await using receiver = await ReceiverProgram.start(folder.in('data'), { env });
      await using shipper = startShipper(receiver.port, ['send', file]);
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      for (const name of NAMES)
        await until(
          `${name} holds all`,
          async () => (await numbersIn(folder.path, name).catch(() => [])).length === count,
        );
      receiver.kill('SIGTERM');
      expect(await receiver.ended()).toMatchObject({ code: 0 });
      expect(receiver.log.filter(({ level }) => level > 30)).toEqual([]);
    }
    for (const name of NAMES) expect(await numbersIn(folder.path, name), name).toEqual(upTo(5000));
    const { stdout } = await run(['stats', folder.in('data'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ total: 5000, parseErrors: 0, levels: { INFO: 5000 } });
    expect((await run(['stats', folder.in('data')])).stdout).toMatch(/entries +5000/);
  });

  test.skipIf(!isMounting)(
    'on a disk that is full do not stop the receiver or each other, and go on when there is room',
    async () => {
      await using folder = await temporaryFolder();
      await using disk = await mountTmpfs(8);
      const file = folder.in('input.jsonl');
      await writeNumberedFile(file, 60_000);
      await disk.fill(6);
      const env = { ...outputEnv(folder.path), OUTPUTS: 'text,jsonl', JSONL_FILE: disk.in('out', 'x.jsonl') };
      await using receiver = await ReceiverProgram.start(folder.in('data'), { env });
      await using shipper = startShipper(receiver.port, ['send', file]);
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      const troubles = () => receiver.log.filter(({ level }) => level === 50);
      await until('it is told', () => troubles().length > 0);
      await until(
        'the other one has all',
        async () => (await numbersIn(folder.path, 'text')).length === 60_000,
      );
      expect(troubles()).toMatchObject([
        { output: 'jsonl', msg: expect.stringContaining('ENOSPC') as string },
      ]);
      await disk.free();
      const content = await readFile(file, 'utf8');
      await until('all is there', async () => (await textOf(disk.in('out', 'x.jsonl'))) === content, 30_000);
      await until('that is told', () =>
        receiver.log.some(({ msg }) => msg === 'output jsonl: it is written again'),
      );
    },
  );
});

describe('follow', () => {
  test.skipIf(!hasPython())('writes CSV and SQLite that Python reads as they were shipped', async () => {
    await using folder = await temporaryFolder();
    const entries = [
      {
        time: '2026-01-01T00:00:00.000Z',
        level: 'info',
        service: 'api',
        host: 'h',
        message: 'a,"b"\r\n;=c',
        tags: ['x', 'y"z'],
        n: 1,
      },
      { message: '=HYPERLINK("http://x")', nested: { a: [1, { b: null }] }, ü: '☃' },
      { msg: '\u0007bell', ts: 1767225600 },
    ];
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await writeArchive(folder.in('data'), [await makeBlock({ text, count: entries.length })]);
    expect(await followOnce(folder.path, 'csv')).toBe(0);
    expect(await followOnce(folder.path, 'sqlite')).toBe(0);
    const received = '2026-01-31T12:00:00.000Z';
    const time = '2026-01-01T00:00:00.000Z';
    const blank = { level: '', service: '', host: '', tags: '', shipper: 'a' };
    expect(await pythonReads('csv', folder.in('outputs', 'logs.csv'))).toEqual([
      {
        time,
        level: 'INFO',
        service: 'api',
        host: 'h',
        message: 'a,"b"\r\n;=c',
        tags: '["x","y\\"z"]',
        rest: '{"n":1}',
        shipper: 'a',
      },
      {
        ...blank,
        time: received,
        message: '=HYPERLINK("http://x")',
        rest: '{"nested":{"a":[1,{"b":null}]},"ü":"☃"}',
      },
      { ...blank, time, message: '\u0007bell', rest: '{}' },
    ]);
    expect(await followOnce(folder.path, 'csv', '--from', 'start', '--csv-defuse-formulas', 'true')).toBe(0);
    expect((await pythonReads('csv', folder.in('outputs', 'logs.csv')))[1]).toMatchObject({
      message: `'=HYPERLINK("http://x")`,
    });
    const empty = { level: null, service: null, host: null, tags: null, shipper: 'a' };
    expect(await pythonReads('sqlite', folder.in('outputs', 'logs.db'))).toEqual([
      {
        id: 1,
        time: Date.parse(time),
        level: 'INFO',
        service: 'api',
        host: 'h',
        message: 'a,"b"\r\n;=c',
        tags: '["x","y\\"z"]',
        rest: '{"n":1}',
        shipper: 'a',
      },
      {
        ...empty,
        id: 2,
        time: Date.parse(received),
        message: '=HYPERLINK("http://x")',
        rest: '{"nested":{"a":[1,{"b":null}]},"ü":"☃"}',
      },
      { ...empty, id: 3, time: Date.parse(time), message: '\u0007bell', rest: '{}' },
    ]);
  });

  test('--from start writes an output anew, whatever became of it', async () => {
    await using folder = await temporaryFolder();
    const text = (sequence: number): string => `{"n":${sequence},"level":"info"}\n`;
    const blocks = await Promise.all(
      upTo(20).map((sequence) => makeBlock({ sequence, text: text(sequence), count: 1 })),
    );
    await writeArchive(folder.in('data'), blocks, 'one by one', { segmentMaxBytes: 1000 });
    await Promise.all(NAMES.map((name) => followOnce(folder.path, name)));
    await appendFile(folder.in('outputs', 'logs.csv'), 'rubbish');
    await writeFile(folder.in('collected_logs', 'collected.jsonl'), '');
    await rm(folder.in('outputs', 'logs.log'));
    for (const name of NAMES) {
      expect(await followOnce(folder.path, name, '--from', 'start')).toBe(0);
      expect(await numbersIn(folder.path, name), name).toEqual(upTo(20));
    }
  });

  test('keeps malformed entries aside, of each output, and goes on', async () => {
    await using folder = await temporaryFolder();
    const text = '{"n":1}\n{"n":1}}\n{"n":2}\n';
    await writeArchive(folder.in('data'), [await makeBlock({ text })]);
    for (const name of ['jsonl', 'text', 'csv', 'sqlite'] as const) {
      expect(await followOnce(folder.path, name)).toBe(0);
      expect(await followOnce(folder.path, name)).toBe(0);
      expect(await numbersIn(folder.path, name)).toEqual([1, 2]);
      const rejected = await readFile(folder.in('data', 'rejected', `${name}.jsonl`), 'utf8');
      expect(JSON.parse(rejected)).toMatchObject({ line: 2, text: '{"n":1}}' });
    }
    expect(await followOnce(folder.path, 'stats')).toBe(0);
    const { stdout } = await run(['stats', folder.in('data'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ total: 2, parseErrors: 1 });
  });

  test('follows what a receiver writes; a second one of the same output is refused', async () => {
    await using folder = await temporaryFolder();
    const file = folder.in('input.jsonl');
    await writeNumberedFile(file, 2000);
    await using receiver = await ReceiverProgram.start(folder.in('data'), { env: outputEnv(folder.path) });
    await using follower = await startFollower(folder.path, 'sqlite');
    const second = await run(['follow', '--output', 'sqlite'], outputEnv(folder.path));
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('another follower') as string });
    await using shipper = startShipper(receiver.port, ['send', file]);
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    await until('all is there', async () => (await numbersIn(folder.path, 'sqlite')).length === 2000);
    follower.kill('SIGTERM');
    expect(await follower.ended()).toMatchObject({ code: 0 });
    expect(await numbersIn(folder.path, 'sqlite')).toEqual(upTo(2000));
  });

  test.each([
    [['follow'], 'needs --output'],
    [['follow', '--output', 'paper'], 'no output paper'],
    [['follow', '--output', 'csv', '--from', 'end'], 'expected start'],
    [['follow', '--output', 'csv', '--data-dir', '/no/such/archive'], '/no/such/archive'],
    [['follow', '--forget', 'csv', '--data-dir', '/no/such/archive'], 'no follower csv'],
    [['stats', '/no/such/archive'], 'no statistics'],
  ])('%j is an error in a line', async (args, message) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr.trim()).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('retention', () => {
  const LIMITS = {
    RETENTION_MAX_BYTES: '60KiB',
    RETENTION_HARD_MAX_BYTES: '200KiB',
    SEGMENT_MAX_BYTES: '8KiB',
  };
  const SMALL = { BATCH_MAX_BYTES: '4KiB', COMPRESSION_LEVEL: '1' };

  test('keeps what a slow follower has still to read up to the hard limit; what it loses is counted, and it goes on', async () => {
    await using folder = await temporaryFolder();
    const data = folder.in('data');
    const file = folder.in('input.jsonl');
    const env = { ...outputEnv(folder.path), ...LIMITS };
    await writeNumberedFile(file, 4000);
    await mkdir(data);
    expect(await followOnce(folder.path, 'jsonl')).toBe(0);
    await using receiver = await ReceiverProgram.start(data, { env });
    const ship = async (): Promise<void> => {
      await using shipper = startShipper(receiver.port, ['send', file], SMALL);
      expect(await shipper.ended()).toMatchObject({ code: 0 });
    };
    await ship();
    expect((await listSegments(data)).length).toBeGreaterThan(60 / 8);
    expect(await readLoss(data, 'jsonl')).toEqual({ segments: 0, entries: 0 });
    await writeNumberedFile(file, 12_000);
    await ship();
    await until('segments are lost', async () => (await readLoss(data, 'jsonl')).segments > 0);
    expect(receiver.log).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('lost to the follower jsonl') as string }),
    );
    receiver.kill('SIGTERM');
    expect(await receiver.ended()).toMatchObject({ code: 0 });
    expect(await followOnce(folder.path, 'jsonl')).toBe(0);
    const { entries: lost } = await readLoss(data, 'jsonl');
    const numbers = await numbersIn(folder.path, 'jsonl');
    expect(numbers).toEqual(upTo(12_000).slice(lost));
    const usage = JSON.parse((await run(['disk', '--json'], env)).stdout) as Record<string, unknown>;
    expect(usage).toMatchObject({
      outputs: [{ name: 'jsonl', lost, entries: numbers.length, behindBytes: 0 }],
    });
  });

  test('keeps nothing for a follower that is forgotten', async () => {
    await using folder = await temporaryFolder();
    const env = outputEnv(folder.path);
    await writeArchive(folder.in('data'), await makeBlocks(1, 2));
    await using follower = await startFollower(folder.path, 'text');
    const forget = (): Promise<Ended> => run(['follow', '--forget', 'text'], env);
    expect(await forget()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is running') as string,
    });
    follower.kill('SIGTERM');
    await follower.ended();
    expect(await forget()).toMatchObject({ code: 0 });
    expect(await readPlaces(folder.in('data'))).toEqual(new Map());
    expect(await forget()).toMatchObject({ code: 1 });
  });
});

test('disk shows days, outputs and limits, for people and as JSON', async () => {
  await using folder = await temporaryFolder();
  const env = { ...outputEnv(folder.path), RETENTION_MAX_BYTES: '1GiB' };
  await writeArchive(folder.in('data'), await makeBlocks(1, 3), 'one by one', { segmentMaxBytes: 1 });
  const written: readonly Name[] = ['csv', 'sqlite'];
  for (const name of written) expect(await followOnce(folder.path, name)).toBe(0);
  const { stdout, code } = await run(['disk'], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^2026-01-31 +3 /m);
  expect(stdout).toMatch(/^sqlite \(.*logs\.db\) .* 6 +0 +0 +0 B$/m);
  expect(stdout).toContain('1.0 GiB (unread: 2.0 GiB)');
  const usage = JSON.parse((await run(['disk', '--json'], env)).stdout) as Record<string, unknown>;
  expect(usage).toMatchObject({
    segments: 3,
    days: [{ day: '2026-01-31', segments: 3 }],
    outputs: written.map((name) => ({ name, entries: 6, behindBytes: 0 })),
  });
  expect(await readdir(folder.in('outputs'))).toContain('logs.db');
  expect((await runServer(['disk', folder.in('nowhere')])).code).toBe(1);
});
