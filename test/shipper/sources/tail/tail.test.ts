import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import {
  appendFile,
  chmod,
  copyFile,
  link,
  mkdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SourcePositions } from '../../../../src/entry.ts';
import { holding } from '../../../helpers/holding_shaper.ts';
import { collectLogs } from '../../../helpers/logs.ts';
import { Tail, type TailWishes } from '../../../helpers/tails.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';
import { until } from '../../../helpers/until.ts';

/** A user who owns nothing here. */
const NOBODY = 65534;

let folder: TemporaryFolder;
let app: string;
let running: Tail[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
  app = folder.in('app.log');
});
afterEach(async () => {
  for (const tail of running) await tail.stop();
  running = [];
  await folder[Symbol.asyncDispose]();
});

/** Follows `app.log*`, or what is wished for. */
function follow(from: SourcePositions = {}, wishes: Partial<TailWishes> = {}): Tail {
  const tail = new Tail({ paths: [folder.in('app.log*')], ...wishes }, from);
  running.push(tail);
  return tail;
}

/** What a receiver remembers after all that there is was shipped. */
async function shipped(lines: number, wishes: Partial<TailWishes> = {}): Promise<SourcePositions> {
  const tail = follow({}, wishes);
  await tail.has(lines);
  return tail.stop();
}

const entries = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n},"message":"an entry of some length"}`);
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const write = (path: string, from: number, to: number): Promise<void> =>
  writeFile(path, textOf(entries(from, to)));
const append = (path: string, from: number, to: number): Promise<void> =>
  appendFile(path, textOf(entries(from, to)));

/** logrotate's copytruncate. */
async function copyTruncate(path: string, copy = `${path}.1`): Promise<void> {
  await copyFile(path, copy);
  await truncate(path);
}

/** As gzip does it: the packed file is whole before the other goes. */
async function pack(path: string, text: string): Promise<void> {
  await writeFile(`${path}.gz`, gzipSync(text));
  await rm(path);
}

/** The lines came, each once, and no more come. */
async function expectExactly(tail: Tail, lines: readonly string[]): Promise<void> {
  await tail.has(lines.length);
  await delay(150);
  expect(tail.lines.toSorted()).toEqual([...lines].toSorted());
}

/** What this process has open in the folder, at one moment. */
const openHere = (): string[] =>
  readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((target) => target.startsWith(`${folder.path}/`));

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // The one the list itself was read with.
    return '';
  }
}

describe('a file is followed', () => {
  test('from its start, as it grows, in order', async () => {
    await write(app, 1, 10);
    const tail = follow();
    await tail.has(10);
    for (let n = 11; n <= 60; n += 1) await append(app, n, n);
    await tail.has(60);
    expect(tail.lines).toEqual(entries(1, 60));
  });

  test('where the receiver stands', async () => {
    await write(app, 1, 10);
    const positions = await shipped(10);
    await append(app, 11, 20);
    await expectExactly(follow(positions), entries(11, 20));
  });

  test('when it comes later, and others with it', async () => {
    const tail = follow({}, { paths: [app, folder.in('more-*.log')] });
    await delay(100);
    await write(app, 1, 5);
    await write(folder.in('more-1.log'), 6, 10);
    await write(folder.in('other.log'), 11, 15);
    await expectExactly(tail, entries(1, 10));
  });

  test('but for those excluded, by name or path', async () => {
    for (const [index, name] of ['app.log', 'app.log.old', 'app.log.2'].entries())
      await write(folder.in(name), index + 1, index + 1);
    await expectExactly(follow({}, { exclude: ['*.old', `${folder.path}/*.2`] }), entries(1, 1));
  });

  test('where its name has the characters of a pattern', async () => {
    const path = folder.in('app[1].log');
    await write(path, 1, 3);
    await expectExactly(follow({}, { paths: [path] }), entries(1, 3));
  });

  test('beside thousands of its size, in turns of its own', async () => {
    await write(app, 1, 50_000);
    await writeFile(`${app}.small`, '{"small":1}\n');
    const tail = follow();
    await tail.has(50_001);
    expect(tail.lines.indexOf('{"small":1}')).toBeLessThan(25_000);
  });

  test('from its end where that is asked for and the receiver does not know it; what comes later from its start', async () => {
    await writeFile(app, `${textOf(entries(1, 10))}{"n":11,`);
    const wishes = { from: 'end' } as const;
    const tail = follow({}, wishes);
    await until('its place is told', () => Object.keys(tail.positions).length === 1);
    await appendFile(app, '"later":1}\n');
    await write(`${app}.new`, 21, 22);
    await expectExactly(tail, ['{"n":11,"later":1}', ...entries(21, 22)]);
    const positions = await tail.stop();
    await append(app, 12, 13);
    await expectExactly(follow(positions, wishes), entries(12, 13));
  });

  test('from its end, though nothing came before the next run', async () => {
    await write(app, 1, 10);
    const tail = follow({}, { from: 'end' });
    await until('its place is told', () => Object.keys(tail.positions).length === 1);
    const positions = await tail.stop();
    await append(app, 11, 12);
    await expectExactly(follow(positions, { from: 'end' }), entries(11, 12));
  });

  test('from its start where that is asked for, though the receiver knows it', async () => {
    await write(app, 1, 10);
    const positions = await shipped(10);
    const tail = follow(positions, { from: 'start' });
    await expectExactly(tail, entries(1, 10));
    expect(Object.keys(await tail.stop())).toHaveLength(1);
  });
});

describe('lines', () => {
  test('one that has no end is not shipped before it has', async () => {
    await writeFile(app, '{"n":1}\n{"n":');
    const tail = follow();
    await tail.has(1);
    await delay(200);
    expect(tail.lines).toEqual(['{"n":1}']);
    await appendFile(app, '2}\n');
    await tail.has(2);
    expect(tail.lines[1]).toBe('{"n":2}');
  });

  test('Filebeat #6132: the last one of a rotated file is shipped without a newline, once it is quiet', async () => {
    await writeFile(app, '{"n":1}\n{"n":2}');
    const tail = follow();
    await tail.has(1);
    await rename(app, `${app}.1`);
    await tail.has(2);
    const positions = await tail.stop();
    expect(tail.lines).toEqual(['{"n":1}', '{"n":2}']);
    const next = follow(positions);
    await delay(400);
    expect(next.lines).toEqual([]);
  });

  test('Fluent Bit #370: one over the limit comes in marked pieces, and the file is read on', async () => {
    await writeFile(app, `{"n":1}\n${'a'.repeat(10_000)}\n{"n":2}\n`);
    const tail = follow({}, { readBytes: 512 });
    await tail.has(5);
    const pieces = tail.lines.slice(1, 4).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(pieces.map(({ _part, _last }) => [_part, _last])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(pieces.map(({ message }) => message).join('')).toBe('a'.repeat(10_000));
    expect(tail.lines[4]).toBe('{"n":2}');
  });

  test('any chunk may be the last the receiver has: the next run goes on behind it', async () => {
    const text = `${textOf(entries(1, 20))}plain text\n\n${'b'.repeat(9000)}\n${textOf(entries(21, 40))}`;
    await writeFile(app, text);
    const whole = follow({}, { readBytes: 256 });
    await whole.has(44);
    await whole.stop();
    for (let done = 0; done < whole.chunks.length; done += 3) {
      const before = whole.chunks.slice(0, done);
      const positions = before.at(-1)?.positions ?? {};
      const rest = follow(positions, { readBytes: 256 });
      const left = whole.chunks
        .slice(done)
        .flatMap(({ lines }) => lines.bytes.toString().split('\n').slice(0, -1));
      await rest.has(left.length);
      await rest.stop();
      expect(rest.lines, `after chunk ${done}`).toEqual(left);
    }
  });

  test('those held back are shipped when nothing comes, and are read again by the next run until then', async () => {
    await write(app, 1, 5);
    const first = follow({}, { shaperOf: holding, times: { heldMs: 60_000 } });
    await first.has(4);
    const positions = await first.stop();
    await append(app, 6, 8);
    const second = follow(positions, { shaperOf: holding });
    await expectExactly(second, entries(5, 8));
  });
});

describe('rotation by rename', () => {
  test('while it runs: what is written to the old one afterwards is shipped too', async () => {
    await write(app, 1, 100);
    const tail = follow();
    await tail.has(100);
    await append(app, 101, 110);
    await rename(app, `${app}.1`);
    await append(`${app}.1`, 111, 115);
    await write(app, 116, 120);
    await expectExactly(tail, entries(1, 120));
  });

  test('Vector #22954: while it was down', async () => {
    await write(app, 1, 100);
    const positions = await shipped(100);
    await append(app, 101, 110);
    await rename(app, `${app}.1`);
    await write(app, 111, 120);
    await expectExactly(follow(positions), entries(101, 120));
  });

  test('Fluent Bit #5024: twice while it was down', async () => {
    await write(app, 1, 100);
    const positions = await shipped(100);
    await append(app, 101, 110);
    await rename(app, `${app}.1`);
    await write(app, 111, 120);
    await rename(`${app}.1`, `${app}.2`);
    await rename(app, `${app}.1`);
    await write(app, 121, 130);
    await expectExactly(follow(positions), entries(101, 130));
  });

  test('Vector #20512: names that go round', async () => {
    await write(app, 1, 10);
    await write(`${app}.1`, 11, 20);
    const tail = follow();
    await tail.has(20);
    await rename(app, `${app}.3`);
    await rename(`${app}.1`, app);
    await append(app, 21, 30);
    await expectExactly(tail, entries(1, 30));
  });

  test('to a name that no pattern finds, while it runs and while it was down', async () => {
    await write(app, 1, 10);
    const first = follow({}, { paths: [app] });
    await first.has(10);
    await append(app, 11, 20);
    await rename(app, folder.in('old-1'));
    await write(app, 21, 30);
    await expectExactly(first, entries(1, 30));
    const positions = await first.stop();
    await append(app, 31, 40);
    await rename(app, folder.in('old-2'));
    await write(app, 41, 50);
    await expectExactly(follow(positions, { paths: [app] }), entries(31, 50));
  });

  test('Fluent Bit #10414: again and again, and deleted, while the receiver takes nothing', async () => {
    await write(app, 1, 2000);
    const tail = follow({}, { readBytes: 4096 });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    tail.pause = promise;
    await tail.has(1);
    for (let n = 1; n <= 5; n += 1) {
      await rename(app, `${app}.${n}`);
      await write(app, n * 2000 + 1, n * 2000 + 100);
      await until('the new one is held open', () => openHere().includes(app));
      await rm(`${app}.${n}`);
    }
    tail.pause = undefined;
    resolve(undefined);
    await tail.has(2500);
  });

  test('Filebeat #2968: a file that was deleted is read to its end and then closed', async () => {
    await write(app, 1, 3000);
    const tail = follow({}, { readBytes: 4096 });
    await tail.has(1);
    await rm(app);
    await expectExactly(tail, entries(1, 3000));
    await until('it is closed', () => openHere().every((path) => !path.includes('deleted')));
  });
});

describe('a file that is cut', () => {
  test('is read from its start, also where it is longer by the next look than it was', async () => {
    await write(app, 1, 10);
    const tail = follow({}, { paths: [app] });
    await tail.has(10);
    await write(app, 11, 40);
    await tail.has(40);
    await truncate(app);
    await append(app, 41, 42);
    await expectExactly(tail, entries(1, 42));
  });

  test('Filebeat #39731: copytruncate ships the copy no second time', async () => {
    await write(app, 1, 100);
    const tail = follow();
    await tail.has(100);
    await append(app, 101, 110);
    await copyTruncate(app);
    await append(app, 111, 120);
    await expectExactly(tail, entries(1, 120));
  });

  test('Filebeat #45300: copytruncate while it was down: the rest is read from the copy', async () => {
    await write(app, 1, 100);
    const positions = await shipped(100);
    await append(app, 101, 110);
    await copyTruncate(app);
    await append(app, 111, 120);
    await rename(`${app}.1`, `${app}.2`);
    await copyTruncate(app);
    await append(app, 121, 300);
    await expectExactly(follow(positions), entries(101, 300));
  });

  test('OpenTelemetry contrib #43693: copytruncate of files that begin with the same thousand bytes', async () => {
    const header = `{"header":"${'x'.repeat(2000)}"}\n`;
    await writeFile(app, `${header}${textOf(entries(1, 10))}`);
    const tail = follow();
    await tail.has(11);
    await copyTruncate(app);
    await writeFile(app, `${header}${textOf(entries(11, 12))}`);
    await expectExactly(tail, [header.trim(), header.trim(), ...entries(1, 12)]);
  });

  test('after it was quiet for long', async () => {
    await write(app, 1, 500);
    const tail = follow({}, { times: { restMs: 50 } });
    await tail.has(500);
    await delay(300);
    await append(app, 501, 510);
    await tail.has(510);
    await copyTruncate(app);
    await append(app, 511, 520);
    await expectExactly(tail, entries(1, 520));
    const positions = await tail.stop();
    await append(app, 521, 521);
    await expectExactly(follow(positions), entries(521, 521));
  });

  test('after lines were read that the copy does not have', async () => {
    await write(app, 1, 50);
    const tail = follow();
    await tail.has(50);
    await copyFile(app, `${app}.1`);
    await append(app, 51, 55);
    await tail.has(55);
    await truncate(app);
    await append(app, 56, 60);
    await expectExactly(tail, entries(1, 60));
    await delay(500);
    expect(tail.lines).toHaveLength(60);
  });
});

describe('identity', () => {
  test('Filebeat #1341: a new file with the inode of an old one is another file', async () => {
    await write(app, 1, 10);
    const { ino } = await stat(app);
    const positions = await shipped(10);
    await rm(app);
    for (let n = 0; n < 100; n += 1) {
      await write(folder.in(`app.log.${n}`), 11, 30);
      if ((await stat(folder.in(`app.log.${n}`))).ino === ino) break;
      await rm(folder.in(`app.log.${n}`));
      if (n === 99) await write(app, 11, 30);
    }
    await expectExactly(follow(positions), entries(11, 30));
  });

  test('Vector #5833: files that begin alike, or are alike, are files of their own', async () => {
    for (const n of [1, 2, 3])
      await writeFile(`${app}.${n}`, textOf(['{"header":1}', ...entries(n * 10, n * 10)]));
    await writeFile(`${app}.4`, '{"started":1}\n');
    const tail = follow();
    await tail.has(7);
    await writeFile(`${app}.5`, '{"started":1}\n');
    await tail.has(8);
    expect(tail.lines.filter((line) => line === '{"started":1}')).toHaveLength(2);
    expect(tail.lines.filter((line) => line === '{"header":1}')).toHaveLength(3);
  });

  test('one file by several paths is shipped once', async () => {
    await write(app, 1, 10);
    await link(app, `${app}.link`);
    await symlink(app, `${app}.symlink`);
    await expectExactly(follow(), entries(1, 10));
  });

  test('Fluent Bit #1118: a symbolic link that leads elsewhere is a rotation', async () => {
    await write(folder.in('v1'), 1, 10);
    await write(folder.in('v2'), 11, 20);
    await symlink(folder.in('v1'), app);
    const tail = follow({}, { paths: [app] });
    await tail.has(10);
    await append(folder.in('v1'), 21, 25);
    await symlink(folder.in('v2'), `${app}.new`);
    await rename(`${app}.new`, app);
    await expectExactly(tail, entries(1, 25));
  });

  test('Filebeat #1022: what is known of a file that is gone for long is forgotten', async () => {
    await write(app, 1, 10);
    await write(`${app}.1`, 11, 20);
    const tail = follow({}, { times: { forgetMs: 200 } });
    await tail.has(20);
    expect(Object.keys(tail.positions)).toHaveLength(2);
    await rm(app);
    await until('one is forgotten', () => Object.keys(tail.positions).length === 1);
    const positions = await tail.stop();
    await expectExactly(follow(positions), []);
  });
});

describe('packed files', () => {
  test('Vector #7990: one that was shipped before it was packed is not shipped again', async () => {
    await write(app, 1, 10);
    const tail = follow();
    await tail.has(10);
    await rename(app, `${app}.1`);
    await pack(`${app}.1`, textOf(entries(1, 10)));
    await expectExactly(tail, entries(1, 10));
    await rename(`${app}.1.gz`, `${app}.2.gz`);
    const positions = await tail.stop();
    await expectExactly(follow(positions), []);
  });

  test('what was not shipped is read from the packed one', async () => {
    await write(app, 1, 1000);
    const positions = await shipped(1000);
    await append(app, 1001, 5000);
    await pack(app, textOf(entries(1, 5000)));
    const next = follow(positions, { readBytes: 4096 });
    await next.has(2000);
    const between = await next.stop();
    await expectExactly(follow(between), entries(1001, 5000).slice(next.lines.length));
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('an unknown one is read once: %s', async (_, packed) => {
    await writeFile(`${app}.1.gz`, packed(textOf(entries(1, 100)).slice(0, -1)));
    const tail = follow();
    await tail.has(100);
    const positions = await tail.stop();
    expect(tail.lines).toEqual(entries(1, 100));
    await expectExactly(follow(positions), []);
  });

  test('one that is not whole yet is read when it is', async () => {
    const packed = gzipSync(textOf(entries(1, 20_000)));
    await writeFile(`${app}.1.gz`, packed.subarray(0, 3000));
    const tail = follow();
    await delay(200);
    await appendFile(`${app}.1.gz`, packed.subarray(3000));
    await expectExactly(tail, entries(1, 20_000));
  });

  test('beside the original they repeat it, and are not read', async () => {
    await write(app, 1, 10);
    const tail = follow();
    await tail.has(10);
    await writeFile(`${app}.1.gz`, gzipSync(textOf(entries(1, 10))));
    await delay(600);
    expect(tail.lines).toHaveLength(10);
  });
});

describe('what is not followed is said, once', () => {
  test('a folder, a named pipe, and a packing that is not read', async () => {
    const logs = collectLogs();
    await mkdir(`${app}.d`);
    execFileSync('mkfifo', [`${app}.fifo`]);
    await writeFile(`${app}.bz2`, Buffer.from('425a6839314159265359', 'hex'));
    await write(app, 1, 3);
    const tail = follow({}, { log: logs.log });
    await tail.has(3);
    await until('three warnings came', () => logs.at('warn').length === 3);
    await delay(200);
    expect(logs.at('warn').toSorted()).toEqual([
      expect.stringContaining('app.log.bz2 is packed with bzip2, which is not read'),
      expect.stringContaining('app.log.d is not followed: it is a folder'),
      expect.stringContaining('app.log.fifo is not followed: it is not a file'),
    ]);
  });

  test('a file that may not be read, until it may', async () => {
    const logs = collectLogs();
    await write(app, 1, 3);
    await chmod(dirname(app), 0o755);
    await chmod(app, 0);
    // To root no file is closed.
    const isRoot = process.geteuid?.() === 0;
    let tail: Tail;
    try {
      if (isRoot) process.seteuid?.(NOBODY);
      tail = follow({}, { log: logs.log });
      await until('it is said', () => logs.at('warn').length === 1);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    await chmod(app, 0o600);
    await expectExactly(tail, entries(1, 3));
  });
});

test('no more files are open than allowed, and all are shipped', async () => {
  for (let n = 0; n < 60; n += 1) await write(`${app}.${n}`, n * 10 + 1, n * 10 + 10);
  const tail = follow({}, { maxOpen: 8 });
  let most = 0;
  const watch = (async () => {
    while (tail.lines.length < 1200) {
      most = Math.max(most, openHere().length);
      await delay(1);
    }
  })();
  await tail.has(600);
  for (let n = 0; n < 60; n += 1) await append(`${app}.${n}`, 600 + n * 10 + 1, 600 + n * 10 + 10);
  await tail.has(1200);
  await watch;
  expect(tail.lines.toSorted()).toEqual(entries(1, 1200).toSorted());
  // One more is the test's own, which writes.
  expect(most).toBeLessThanOrEqual(9);
  expect(most).toBeGreaterThan(6);
});
