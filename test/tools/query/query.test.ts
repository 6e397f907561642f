import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { listSegments } from '../../../src/archive/segment_name.ts';
import { query, type QueryCommandFlags } from '../../../src/tools/query/query.ts';
import { openArchive } from '../../helpers/archives.ts';
import { makeBlock } from '../../helpers/blocks.ts';
import { FIRST_RECEIVED_MS, writeQueryArchive } from '../../helpers/query_archives.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

/** A stream, a terminal or not, that keeps what it was given. */
class Screen extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    setImmediate(done);
  }
}

interface Asked {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function ask(
  folder: string | readonly string[],
  flags: QueryCommandFlags = {},
  isTerminal = false,
): Promise<Asked> {
  const output = new Screen(isTerminal);
  let told = '';
  const errors = { isTTY: isTerminal, write: (text: string) => (told += text) };
  const code = await query([folder].flat(), flags, { output, errors }, new AbortController().signal);
  expect(output.writable).toBe(true);
  return { code, output: output.text, errors: told };
}

const LINES = [
  '{"ts":"2026-01-31T12:00:00.000Z","level":"error","svc":"pay","msg":"declined","user_id":42,"tags":["a"]}',
  '{"message":"hi, \\"you\\""}',
  '{no JSON, "at all"}',
];

test.each([
  [{}, LINES.map((line) => `${line}\n`).join('')],
  [{ format: 'json', limit: '1' }, `${LINES[0]}\n`],
  [{ count: true }, '3\n'],
  [{ count: true, limit: '2' }, '2\n'],
  [{ grep: 'nothing' }, ''],
  [
    { format: 'text' },
    [
      '2026-01-31T12:00:00.000Z ERROR pay declined {"user_id":42}',
      '2026-01-31T12:00:00.000Z -     hi, "you"',
      '2026-01-31T12:00:00.000Z -     {no JSON, "at all"}',
      '',
    ].join('\n'),
  ],
  [
    { format: 'csv' },
    [
      'time,level,service,host,message,tags,rest,shipper',
      '2026-01-31T12:00:00.000Z,ERROR,pay,,declined,"[""a""]","{""user_id"":42}",a',
      '2026-01-31T12:00:00.000Z,,,,"hi, ""you""",,{},a',
      '2026-01-31T12:00:00.000Z,,,,"{no JSON, ""at all""}",,{},a',
      '',
    ].join('\r\n'),
  ],
] as [QueryCommandFlags, string][])('%j prints the entries', async (flags, output) => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: LINES }]);
  expect(await ask(folder.path, flags)).toEqual({ code: 0, output, errors: '' });
});

test.each([
  [{ limit: '0' }, '--limit is "0": expected a number of entries, from 1'],
  [{ limit: '1e3' }, '--limit is "1e3"'],
  [{ format: 'xml' }, '--format is "xml": expected json, text, csv'],
  [{ format: '__proto__' }, '--format is "__proto__"'],
  [{ since: 'noon' }, '--since is "noon": expected how long ago'],
  [{ count: true, follow: true }, '--count and --follow'],
] satisfies [QueryCommandFlags, string][])('%j is refused', async (flags, message) => {
  await using folder = await temporaryFolder();
  await expect(ask(folder.path, flags)).rejects.toThrow(message);
});

/** Shown by whatever takes longer than a fifth of a second, and taken away. */
const PROGRESS = /\r\u001b\[2K(?:\[[#.]{24}\] [^\r]* found)?/g;

describe('what is hostile', () => {
  const ESCAPES = '\u001b[31m\u009b2J\u202e\u2066\u007f\ufeff';
  const HOSTILE = [
    JSON.stringify({ level: ESCAPES, message: `red ${ESCAPES}\nnext line`, service: '=cmd()' }),
    `{\u001b]0;title\u0007 \u202e is no JSON}`,
  ];

  test.each(['json', 'text', 'csv', undefined])('is harmless on a terminal, as %s', async (format) => {
    await using folder = await temporaryFolder();
    await writeQueryArchive(folder.path, [{ lines: HOSTILE }]);
    const { output, errors } = await ask(folder.path, format === undefined ? {} : { format }, true);
    const head = format === 'csv' ? 1 : 0;
    expect(output.split('\n')).toHaveLength(HOSTILE.length + head + 1);
    expect(output.replace(/\r?\n/g, '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(output).toContain('\\u202e');
    expect(errors.replace(PROGRESS, '')).toBe('');
  });

  test('is in one line of text also where it is no terminal, and as it is stored in JSON', async () => {
    await using folder = await temporaryFolder();
    await writeQueryArchive(folder.path, [{ lines: HOSTILE }]);
    expect((await ask(folder.path, { format: 'text' })).output).not.toMatch(/[\p{Cf}\u001b]/u);
    expect((await ask(folder.path)).output).toBe(HOSTILE.map((line) => `${line}\n`).join(''));
  });

  test('megabyte lines are whole in a pipe, and cut on a terminal', async () => {
    await using folder = await temporaryFolder();
    const line = JSON.stringify({ message: 'x'.repeat(3_000_000) });
    await writeQueryArchive(folder.path, [{ lines: [line, line] }]);
    expect((await ask(folder.path)).output).toBe(`${line}\n${line}\n`);
    const shown = (await ask(folder.path, {}, true)).output;
    expect(shown.length).toBeLessThan(20_000);
    expect(shown).toMatch(/x… \(299\d{4} letters more\)\n/);
  });
});

test('damage is told, with what is lost, and exits 1 after all else was found', async () => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: ['{"n":1}', '{"n":2}'] }, { lines: ['{"n":3}'] }]);
  const name = (await listSegments(folder.path))[0]?.name ?? '';
  const bytes = await readFile(folder.in(name));
  const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
  bytes[second - 9] = ~(bytes[second - 9] ?? 0);
  await writeFile(folder.in(name), bytes);
  const { code, output, errors } = await ask(folder.path);
  expect({ code, output }).toEqual({ code: 1, output: '{"n":3}\n' });
  expect(errors).toMatch(/^error: logs_.*\.gz at byte 0: its body .*, 2 entries are lost with it\n$/);
});

test('a long search shows how far it is, on a terminal alone, and takes that away', async () => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: ['{"n":1}'] }, { lines: ['{"n":2}'] }]);
  let shown = '';
  const errors = { isTTY: true, write: (text: string) => (shown += text) };
  const slow = new Screen(false);
  slow._write = (chunk: Buffer, _encoding, done): void => {
    slow.text += chunk.toString();
    void until('progress is shown', () => /[12] found/.test(shown)).then(() => done());
  };
  const { signal } = new AbortController();
  expect(await query([folder.path], {}, { output: slow, errors }, signal)).toBe(0);
  expect(shown).toMatch(/\[[#.]{24}\] \d+% of 0 MB · [12] found/);
  expect(shown.endsWith('\r\u001b[2K')).toBe(true);
  expect(slow.text).toBe('{"n":1}\n{"n":2}\n');
});

test('--follow goes on with what comes, until enough is found or it is told to stop', async () => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: ['{"n":1,"x":1}', '{"n":2}'] }]);
  const stop = new AbortController();
  const [all, two] = [new Screen(false), new Screen(false)];
  const errors = new Screen(false);
  const following = query([folder.path], { follow: true, grep: 'x' }, { output: all, errors }, stop.signal);
  const wishes = { follow: true, grep: 'x', limit: '2' };
  const ending = query([folder.path], wishes, { output: two, errors }, stop.signal);
  await until('what there is is found', () => all.text !== '' && two.text !== '');
  await using opened = await openArchive(folder.path);
  for (const [index, text] of ['{"n":3}\n', '{"n":4,"x":1}\n{"n":5,"x":1}\n', '{"n":6,"x":1}\n'].entries())
    await opened.archive.append(
      await makeBlock({ text, sequence: index + 2, receivedAtMs: FIRST_RECEIVED_MS }),
    );
  expect(await ending).toBe(0);
  expect(two.text).toBe('{"n":1,"x":1}\n{"n":4,"x":1}\n');
  await until('the last is found', () => all.text.endsWith('{"n":6,"x":1}\n'));
  stop.abort();
  expect(await following).toBe(0);
  expect(all.text).toBe('{"n":1,"x":1}\n{"n":4,"x":1}\n{"n":5,"x":1}\n{"n":6,"x":1}\n');
});

test('--follow on what a dead receiver left, with a block cut short, goes on when the next one has cut that off', async () => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: ['{"n":1}'] }]);
  const path = folder.in((await listSegments(folder.path))[0]?.name ?? '');
  await appendFile(path, (await readFile(path)).subarray(0, -3));
  const stop = new AbortController();
  const [output, errors] = [new Screen(false), new Screen(false)];
  const following = query([folder.path], { follow: true }, { output, errors }, stop.signal);
  await until('what there is is found', () => output.text !== '');
  await using opened = await openArchive(folder.path);
  await opened.archive.append(await makeBlock({ text: '{"n":2}\n', sequence: 2 }));
  await until('what comes is found', () => output.text === '{"n":1}\n{"n":2}\n');
  stop.abort();
  expect({ code: await following, errors: errors.text }).toEqual({ code: 0, errors: '' });
});

describe('several archives', () => {
  const at = (second: number): number => FIRST_RECEIVED_MS + second * 1000;

  /** Entries that were received second by second, now by one, now by the other. */
  async function two(folder: TemporaryFolder): Promise<string[]> {
    const folders = [folder.in('a'), folder.in('b')];
    for (const [index, seconds] of [
      [1, 2, 5, 8],
      [3, 4, 6, 7],
    ].entries())
      await writeQueryArchive(
        folders[index] ?? '',
        seconds.map((second) => ({ lines: [`{"n":${second}}`], receivedAtMs: at(second) })),
      );
    return folders;
  }

  const lines = (...numbers: number[]): string => numbers.map((number) => `{"n":${number}}\n`).join('');

  test('are searched as one, in the order their blocks were received', async () => {
    await using folder = await temporaryFolder();
    const folders = await two(folder);
    expect((await ask(folders)).output).toBe(lines(1, 2, 3, 4, 5, 6, 7, 8));
    expect((await ask(folders.toReversed(), { grep: '[3-6]}' })).output).toBe(lines(3, 4, 5, 6));
    expect((await ask(folders, { limit: '3' })).output).toBe(lines(1, 2, 3));
    expect((await ask(folders, { count: true })).output).toBe('8\n');
    expect((await ask(folders, { count: true, limit: '5' })).output).toBe('5\n');
  });

  test('are followed all together', async () => {
    await using folder = await temporaryFolder();
    const folders = await two(folder);
    const [output, errors] = [new Screen(false), new Screen(false)];
    const following = query(
      folders,
      { follow: true, limit: '11' },
      { output, errors },
      new AbortController().signal,
    );
    await until('what there is is found', () => output.text === lines(1, 2, 3, 4, 5, 6, 7, 8), 30_000);
    for (const [index, second] of [9, 10, 11].entries()) {
      await writeQueryArchive(folders[index % 2] ?? '', [
        { lines: [`{"n":${second}}`], receivedAtMs: at(second) },
      ]);
      await until('it is found', () => output.text.endsWith(lines(second)), 30_000);
    }
    expect(await following).toBe(0);
    expect(output.text).toBe(lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    expect(errors.text).toBe('');
  });

  test('tell damage with its folder, and pass it over', async () => {
    await using folder = await temporaryFolder();
    const folders = await two(folder);
    const path = `${folders[1] ?? ''}/logs_20260131_120000.jsonl.gz`;
    const bytes = await readFile(path);
    const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
    bytes[second - 9] = ~(bytes[second - 9] ?? 0);
    await writeFile(path, bytes);
    const { code, output, errors } = await ask(folders);
    expect({ code, output }).toEqual({ code: 1, output: lines(1, 2, 4, 5, 6, 7, 8) });
    expect(errors).toContain(`error: ${path} at byte 0: its body`);
  });
});

test('--count that is interrupted says no number, as it would be a wrong one', async () => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: ['{"n":1}'] }, { lines: ['{"n":2}'] }]);
  const output = new Screen(false);
  const stopped = AbortSignal.abort(new Error('SIGINT'));
  expect(await query([folder.path], { count: true }, { output, errors: new Screen(false) }, stopped)).toBe(
    130,
  );
  expect(output.text).toBe('');
});

test('who has seen enough closes the pipe, and that is no error', async () => {
  await using folder = await temporaryFolder();
  await writeQueryArchive(folder.path, [{ lines: ['{"n":1}'] }]);
  const closed = new Screen(false);
  closed._write = (_chunk, _encoding, done: (error: Error) => void): void =>
    done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  const streams = { output: closed, errors: new Screen(false) };
  expect(await query([folder.path], {}, streams, new AbortController().signal)).toBe(0);
});
