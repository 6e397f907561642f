import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import { ReceiverProgram, runServer, startShipper } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const run = promisify(execFile);

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('shipping files', () => {
  test('a million entries arrive once each, byte for byte, and other tools read every segment', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'input.jsonl');
    const data = join(folder.path, 'data');
    await writeNumberedFile(file, 1_000_000);
    {
      await using receiver = await ReceiverProgram.start(data);
      await using shipper = startShipper(receiver.port, ['send', file]);
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      receiver.kill('SIGTERM');
      expect(await receiver.ended()).toMatchObject({ code: 0 });
    }
    const verified = await runServer(['verify', data]);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toContain('1000000 entries');
    const printed = await runServer(['cat', data]);
    expect(hashOf(printed.bytes)).toBe(hashOf(await readFile(file)));

    const segments = (await listSegments(data)).map(({ name }) => join(data, name));
    expect(segments.length).toBeGreaterThan(1);
    await run('gzip', ['-t', ...segments]);
    const lines = await run('sh', ['-c', 'zcat "$@" | wc -l', 'sh', ...segments]);
    expect(Number(lines.stdout)).toBe(1_000_000);
    const python = 'import gzip,sys\nprint(sum(1 for f in sys.argv[1:] for line in gzip.open(f)))';
    expect(Number((await run('python3', ['-c', python, ...segments])).stdout)).toBe(1_000_000);
  });

  test('four shippers at once each arrive whole and in order', async () => {
    await using folder = await temporaryFolder();
    const data = join(folder.path, 'data');
    const names = ['a', 'b', 'c', 'd'];
    const each = 250_000;
    for (const [index, name] of names.entries())
      await writeNumberedFile(join(folder.path, name), each, index * each + 1);
    {
      await using receiver = await ReceiverProgram.start(data);
      await using all = new AsyncDisposableStack();
      const shippers = names.map((name) =>
        all.use(
          startShipper(receiver.port, ['send', join(folder.path, name)], {
            SHIPPER_ID: `shipper-${name}`,
            COMPRESSION_LEVEL: '1',
          }),
        ),
      );
      for (const shipper of shippers) expect(await shipper.ended()).toMatchObject({ code: 0 });
      receiver.kill('SIGTERM');
      expect(await receiver.ended()).toMatchObject({ code: 0 });
    }
    const verified = await runServer(['verify', data]);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toContain(`${names.length * each} entries`);
    for (const name of names) {
      const printed = await runServer(['cat', data, '--shipper', `shipper-${name}`]);
      expect(hashOf(printed.bytes)).toBe(hashOf(await readFile(join(folder.path, name))));
    }
  });

  test.each(['gzip', 'zlib', 'zstd'])(
    'entries compressed with %s arrive in an archive of either format',
    async (algorithm) => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, 'input.jsonl');
      await writeNumberedFile(file, 20_000);
      for (const format of ['gzip', 'zstd']) {
        const data = join(folder.path, format);
        await using receiver = await ReceiverProgram.start(data, { env: { ARCHIVE_FORMAT: format } });
        await using shipper = startShipper(receiver.port, ['send', file], {
          COMPRESSION_ALGORITHM: algorithm,
        });
        expect(await shipper.ended()).toMatchObject({ code: 0 });
        receiver.kill('SIGTERM');
        await receiver.ended();
        expect(await runServer(['verify', data])).toMatchObject({ code: 0 });
        expect((await runServer(['cat', data])).bytes.equals(await readFile(file))).toBe(true);
      }
    },
  );

  test('a second run of the same files ships nothing, and a grown file only what is new', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'input.jsonl');
    const data = join(folder.path, 'data');
    await writeNumberedFile(file, 1000);
    await using receiver = await ReceiverProgram.start(data);
    for (const [expected, total] of [
      [1000, 1000],
      [0, 1000],
      [500, 1500],
    ] as const) {
      await writeNumberedFile(file, total);
      await using shipper = startShipper(receiver.port, ['send', file]);
      expect(await shipper.ended()).toMatchObject({ code: 0 });
      expect(shipper.log.at(-1)).toMatchObject({ acknowledged: expected });
    }
    expect((await runServer(['cat', data])).bytes.equals(await readFile(file))).toBe(true);
  });
});
