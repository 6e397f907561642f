import { appendFile, copyFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Tail } from '../../../helpers/tails.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';

let folder: TemporaryFolder;
let app: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  app = folder.in('app.log');
});
afterEach(() => folder[Symbol.asyncDispose]());

const entries = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n},"message":"an entry of some length"}`);
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const write = (path: string, from: number, to: number): Promise<void> =>
  writeFile(path, textOf(entries(from, to)));
const append = (path: string, from: number, to: number): Promise<void> =>
  appendFile(path, textOf(entries(from, to)));

/** logrotate's copytruncate. */
async function copyTruncate(path: string, copy: string): Promise<void> {
  await copyFile(path, copy);
  await truncate(path);
}

describe('a file is followed', () => {
  test('from its start, as it grows', async () => {
    await write(app, 1, 10);
    await using tail = new Tail({ paths: [app] });
    await tail.has(10);
    await append(app, 11, 20);
    await tail.has(20);
    expect(tail.lines).toEqual(entries(1, 20));
  });
  test('where the receiver stands', async () => {
    await write(app, 1, 10);
    await using first = new Tail({ paths: [app] });
    await first.has(10);
    const positions = await first.stop();
    await append(app, 11, 20);
    await using second = new Tail({ paths: [app] }, positions);
    await second.has(10);
    expect(second.lines).toEqual(entries(11, 20));
  });
});

describe('rename', () => {
  test('while it runs', async () => {
    await write(app, 1, 100);
    await using tail = new Tail({ paths: [folder.in('app.log*')] });
    await tail.has(100);
    await append(app, 101, 110);
    await rename(app, `${app}.1`);
    await append(`${app}.1`, 111, 115);
    await write(app, 116, 120);
    await tail.has(120);
    expect(tail.lines.toSorted()).toEqual(entries(1, 120).toSorted());
  });
  test('while down', async () => {
    await write(app, 1, 100);
    await using first = new Tail({ paths: [folder.in('app.log*')] });
    await first.has(100);
    const positions = await first.stop();
    await append(app, 101, 110);
    await rename(app, `${app}.1`);
    await write(app, 111, 120);
    await using second = new Tail({ paths: [folder.in('app.log*')] }, positions);
    await second.has(20);
    expect(second.lines.toSorted()).toEqual(entries(101, 120).toSorted());
  });
});

describe('copytruncate', () => {
  test('while it runs', async () => {
    await write(app, 1, 100);
    await using tail = new Tail({ paths: [folder.in('app.log*')] });
    await tail.has(100);
    await append(app, 101, 110);
    await copyTruncate(app, `${app}.1`);
    await append(app, 111, 120);
    await tail.has(120);
    await rm(`${app}.1`);
    await append(app, 121, 130);
    await tail.has(130);
    expect(tail.lines.toSorted()).toEqual(entries(1, 130).toSorted());
  });
  test('while down', async () => {
    await write(app, 1, 100);
    await using first = new Tail({ paths: [folder.in('app.log*')] });
    await first.has(100);
    const positions = await first.stop();
    await append(app, 101, 110);
    await copyTruncate(app, `${app}.1`);
    await append(app, 111, 120);
    await using second = new Tail({ paths: [folder.in('app.log*')] }, positions);
    await second.has(20);
    expect(second.lines.toSorted()).toEqual(entries(101, 120).toSorted());
  });
});
