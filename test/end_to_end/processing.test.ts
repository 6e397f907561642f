import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { ReceiverProgram, archiveBytes, runClient, runServer, startShipper } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const SAMPLE = new URL('../samples/access.log', import.meta.url).pathname;

const SUMMARY = /^done: /;

/** What an archive holds, after its receiver has ended; verified. */
async function entriesIn(data: string): Promise<Record<string, unknown>[]> {
  const verified = await runServer(['verify', data]);
  expect(verified.stdout).toContain('clean');
  expect(verified).toMatchObject({ code: 0 });
  const { stdout } = await runServer(['cat', data]);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function stop(receiver: ReceiverProgram): Promise<void> {
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
}

test('an access log arrives parsed, filtered, tagged and changed, and the summary says so', async () => {
  await using folder = await temporaryFolder();
  const data = folder.in('data');
  await using receiver = await ReceiverProgram.start(data);
  const flags = [
    ...['--parse', 'combined', '--exclude', 'healthz', '--tag', 'auth,payment', '--tag', 'broken=status=~^5'],
    ...['--add', 'env=prod', '--drop', 'user_agent', '--redact', 'nets=10\\.1\\.0\\.\\d+'],
  ];
  await using shipper = startShipper(receiver.port, ['send', SAMPLE, ...flags]);
  expect(await shipper.ended()).toMatchObject({ code: 0 });
  expect(shipper.log.find(({ msg }) => SUMMARY.test(msg))).toMatchObject({
    acknowledged: 11,
    processed: {
      ...{ lines: 13, entries: 11, filtered: { 'exclude healthz': 2 } },
      ...{ unparsed: { not_combined: 3 }, tagged: { auth: 1, payment: 1, broken: 1 } },
    },
  });
  await stop(receiver);
  const entries = await entriesIn(data);
  expect(entries).toHaveLength(11);
  expect(entries[0]).toEqual({
    ...{ timestamp: '2024-06-07T10:00:00+00:00', remote_addr: '203.0.113.7', method: 'GET', path: '/' },
    ...{ protocol: 'HTTP/1.1', status: 200, bytes: 5123, env: 'prod' },
  });
  expect(entries.filter(({ tags }) => tags !== undefined).map(({ path, tags }) => [path, tags])).toEqual([
    ['/login', ['auth']],
    ['/checkout', ['payment', 'broken']],
  ]);
  expect(entries.filter(({ _error }) => _error === 'not_combined')).toHaveLength(3);
  expect(entries.every(({ env }) => env === 'prod')).toBe(true);
});

const RECORDS = 200_000;

/** Records of two or three lines; each third says that it is noise. */
async function writeRecords(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let at = 1; at <= RECORDS;) {
    let text = '';
    for (const end = Math.min(RECORDS + 1, at + 1000); at < end; at += 1) {
      const noise = at % 3 === 0 ? '  noise\n' : '';
      text += `#${at} ${(Math.imul(at, 2654435761) >>> 0).toString(16)}\n  more of ${at}\n${noise}`;
    }
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

test('kill -9 of either side with filters and multiline: every entry that is left arrives exactly once', async () => {
  await using folder = await temporaryFolder();
  const [file, data] = [folder.in('records.log'), folder.in('data')];
  await writeRecords(file);
  const args = ['send', file, '--multiline-start', '^#\\d+ ', '--exclude', 'noise', '--tag', 'end=\\d*77\\n'];
  const small = { BATCH_MAX_BYTES: '16KiB', COMPRESSION_LEVEL: '9' };
  let receiver = await ReceiverProgram.start(data);
  const { port } = receiver;
  try {
    for (let kills = 0; kills < 4; kills += 1) {
      await using shipper = startShipper(port, args, small);
      await receiver.hasWritten(data, await archiveBytes(data));
      expect(shipper.child.exitCode).toBeNull();
      shipper.kill('SIGKILL');
      await shipper.ended();
      if (kills % 2 === 0) continue;
      receiver.kill('SIGKILL');
      await receiver.ended();
      receiver = await ReceiverProgram.start(data, { port });
    }
    await using last = startShipper(port, args);
    expect(await last.ended()).toMatchObject({ code: 0 });
    expect(last.log.some(({ msg }) => msg.includes('going on at byte'))).toBe(true);
    await stop(receiver);
  } finally {
    await receiver[Symbol.asyncDispose]();
  }
  const numbers = (await entriesIn(data)).map(({ message }) => {
    const [, number, again] = /^#(\d+) [\da-f]+\n {2}more of (\d+)$/.exec(message as string) ?? [];
    expect(again).toBe(number);
    return Number(number);
  });
  const expected = Array.from({ length: RECORDS }, (_, index) => index + 1).filter((at) => at % 3 !== 0);
  expect(numbers).toEqual(expected);
}, 120_000);

describe('where everything is filtered out', () => {
  test.each(['gzip', 'zlib', 'zstd'])('the place moves all the same (%s)', async (algorithm) => {
    await using folder = await temporaryFolder();
    const [file, data] = [folder.in('input.log'), folder.in('data')];
    await writeFile(file, 'noise\n'.repeat(1000));
    await using receiver = await ReceiverProgram.start(data);
    const args = ['send', file, '--exclude', 'noise', '--compression-algorithm', algorithm];
    const env = { BYPASS_THRESHOLD: '0' };
    await using first = startShipper(receiver.port, args, env);
    expect(await first.ended()).toMatchObject({ code: 0 });
    expect(first.log.find(({ msg }) => SUMMARY.test(msg))).toMatchObject({ acknowledged: 0, batches: 1 });
    await writeFile(file, 'one\n', { flag: 'a' });
    await using second = startShipper(receiver.port, args, env);
    expect(await second.ended()).toMatchObject({ code: 0 });
    expect(second.log.some(({ msg }) => msg.includes('going on at byte 6000 of 6004'))).toBe(true);
    await stop(receiver);
    expect(await entriesIn(data)).toEqual([{ message: 'one' }]);
  });
});

test('standard input and made-up entries go through processors too', async () => {
  await using folder = await temporaryFolder();
  const data = folder.in('data');
  await using receiver = await ReceiverProgram.start(data);
  await using piped = startShipper(receiver.port, ['pipe', '--parse', 'logfmt', '--min-level', 'warn']);
  piped.child.stdin?.end('level=info n=1\nlevel=error n=2\nwords');
  expect(await piped.ended()).toMatchObject({ code: 0 });
  const made = ['generate', '--log-rate', '100', '--run-time', '0.5', '--add', 'made=up', '--parse', 'json'];
  await using generating = startShipper(receiver.port, made);
  expect(await generating.ended()).toMatchObject({ code: 0 });
  await stop(receiver);
  const entries = await entriesIn(data);
  expect(entries.slice(0, 2)).toEqual([
    { level: 'error', n: '2' },
    { message: 'words', _error: 'not_logfmt' },
  ]);
  expect(entries.length).toBeGreaterThan(10);
  expect(entries.slice(2).every(({ made: value }) => value === 'up')).toBe(true);
});

describe('check', () => {
  test('shows what would become of a sample, and exits 0', async () => {
    const ended = await runClient(['check', '--sample', SAMPLE, '--parse', 'auto', '--exclude', 'healthz']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('5: DROPPED by exclude healthz: ');
    expect(ended.stdout).toContain('7: kept, DID NOT PARSE (not_combined)');
    expect(ended.stdout).toContain('13 lines: 11 entries, 2 filtered out');
  });

  test('takes rules from a TOML file, and any bytes for a sample', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in('rules.toml'), '[parse]\nformat = "csv"\n[[tag]]\nname = "x"\nmatch = "."\n');
    await writeFile(folder.in('sample'), (await readFile(process.execPath)).subarray(0, 1_000_000));
    const ended = await runClient([
      ...['check', '--sample', folder.in('sample'), '--config', folder.in('rules.toml')],
      ...['--max-line-bytes', '4KiB', '--redact', 'email,card,token'],
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/lines: \d+ entries/);
    expect(ended.stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('says what is wrong with a rule, all of it, and exits 2', async () => {
    const ended = await runClient(['check', '--sample', SAMPLE, '--exclude', '(', '--tag', 'x=[']);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(
      'FILTER_EXCLUDE is ["("] (--exclude): expected a regular expression of RE2',
    );
    expect(ended.stderr).toContain('TAGS is ["x=["] (--tag): expected a regular expression of RE2');
  });

  test('of a file that is not there exits 1', async () => {
    const ended = await runClient(['check', '--sample', join('/nonexistent', 'file')]);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('ENOENT');
  });
});
