/** A writer that does not append goes on where it was when its file is cut: before that there is a hole, which reads as zeros. */
import { copyFile, open, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SourcePositions } from '../../../../src/entry.ts';
import { holding } from '../../../helpers/holding_shaper.ts';
import { collectLogs } from '../../../helpers/logs.ts';
import { Tail, type TailWishes } from '../../../helpers/tails.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';
import { until } from '../../../helpers/until.ts';

let folder: TemporaryFolder;
let app: string;
let writer: FileHandle;
beforeEach(async () => {
  folder = await temporaryFolder();
  app = folder.in('app.log');
  writer = await open(app, 'w');
});
afterEach(async () => {
  await writer.close();
  await folder[Symbol.asyncDispose]();
});

const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `{"n":${from + index},"text":"${'.'.repeat(40)}"}`);

const write = (from: number, to: number): Promise<unknown> =>
  writer.write(
    lines(from, to)
      .map((line) => `${line}\n`)
      .join(''),
  );

const follow = (from: SourcePositions = {}, wishes: Partial<TailWishes> = {}): Tail =>
  new Tail({ paths: [folder.in('app.log*')], maxLineBytes: 500, readBytes: 1000, ...wishes }, from);

/** logrotate's copytruncate. */
async function copyTruncate(): Promise<void> {
  await copyFile(app, `${app}.1`);
  await truncate(app);
}

test.each([
  ['as they are', {}],
  ['with lines held back', { shaperOf: holding }],
] satisfies [string, Partial<TailWishes>][])(
  'Fluent Bit #3117: the zeros before the first line are left out, and that is said: %s',
  async (_, wishes) => {
    const { log, lines: said } = collectLogs();
    await write(1, 500);
    await using tail = follow({}, { ...wishes, log });
    await tail.has(500);
    await copyTruncate();
    await until('the cut was seen', () => said.some(({ msg }) => msg.includes('was cut')));
    await write(501, 600);
    await tail.has(600);
    expect(tail.lines).toEqual(lines(1, 600));
    const told = said.filter(({ msg }) => msg.includes('zeros, which are left out'));
    expect(told).toMatchObject([{ path: app, zeros: lines(1, 500).join('\n').length + 1 }]);
    const positions = await tail.stop();
    await write(601, 602);
    await using next = follow(positions, wishes);
    await next.has(2);
    expect(next.lines).toEqual(lines(601, 602));
  },
);

test('a run that ended among the zeros is followed by one that finds the line behind them', async () => {
  await write(1, 500);
  await copyTruncate();
  await truncate(app, 10_000);
  await using tail = follow();
  await tail.has(500);
  const positions = await tail.stop();
  await write(501, 510);
  await using next = follow(positions);
  await next.has(10);
  expect(next.lines).toEqual(lines(501, 510));
});

test('zeros in a line, and one before the first, are part of it', async () => {
  await writeFile(app, '\0{"n":1}\na\0\0\0b\n');
  await using tail = follow();
  await tail.has(2);
  expect(tail.lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
    '\0{"n":1}',
    'a\0\0\0b',
  ]);
});
