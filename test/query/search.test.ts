import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Position } from '../../src/archive/commit_log.ts';
import { COMMITTED_FILE } from '../../src/archive/committed.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { parseQuery, type QueryOptions } from '../../src/query/query.ts';
import { search, searchBlocks } from '../../src/query/search.ts';
import { openArchive } from '../helpers/archives.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { FIRST_RECEIVED_MS, found, writeQueryArchive } from '../helpers/query_archives.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const MINUTE = 60_000;
const at = (minute: number): string => new Date(FIRST_RECEIVED_MS + minute * MINUTE).toISOString();

/** A line each of what loggers write, and of what nobody should. */
const LINES = {
  plain: '{"ts":"2026-01-31T12:00:30.000Z","level":"ERROR","svc":"payments","msg":"declined","user_id":42}',
  pino: `{"level":50,"time":${FIRST_RECEIVED_MS + MINUTE},"service":"auth","user":{"id":"u-1"},"tags":["auth","slow"]}`,
  tag: '{"severity":"err","tags":"auth","msg":"caf\\u00e9 \\"quoted\\""}',
  escaped: '{"le\\u0076el":"\\u0065rror","service":"p\\u0061y","user_id":"4\\u0032"}',
  info: '{"level":"Info","message":"no error at all","service":"payments","user_id":421}',
  twice: '{"level":"error","level":"info","user_id":1,"user_id":42}',
  dotted: '{"user.id":"u-1","log_level":"audit"}',
  number: '{"level":35,"n":1.50,"big":12345678901234567890,"deep":{"a":{"b":[1,2]}}}',
  broken: '{level: error, declined}',
  wide: '{"message":"Straße 日本語 \u202e","level":"WARNING"}',
} as const;
type Name = keyof typeof LINES;
const NAMES = Object.keys(LINES) as Name[];

test.each(['level', 'severity', 'lvl', 'log_level', 'loglevel', 'log.level'])(
  'a level is found in %s, as a name and as a number',
  async (name) => {
    await using folder = await temporaryFolder();
    const lines = ['"err"', '50', '"info"', '30'].map((level) => `{"${name}":${level}}`);
    await writeQueryArchive(folder.path, [{ lines }]);
    expect(await found(folder.path, { level: 'error' })).toEqual(lines.slice(0, 2));
  },
);

describe('a query finds', () => {
  test.each([
    [{}, NAMES],
    [{ grep: 'declined' }, ['plain', 'broken']],
    [{ grep: 'DECLINED' }, []],
    [{ grep: 'DECLINED', ignoreCase: true }, ['plain', 'broken']],
    [{ grep: '日本' }, ['wide']],
    [{ grep: 'STRAẞE', ignoreCase: true }, ['wide']],
    [{ grep: 'Ɨ', ignoreCase: true }, []],
    [{ grep: '[^]]no error' }, ['info']],
    [{ grep: 'STRASSE|no .* all$|all"' }, ['info']],
    [{ grep: '"user_id":42[,}]' }, ['plain', 'twice']],
    [{ grep: '^\\{level' }, ['broken']],
    [{ level: 'error' }, ['plain', 'pino', 'tag', 'escaped']],
    [{ level: 'ERR' }, ['plain', 'pino', 'tag', 'escaped']],
    [{ level: 'notice+' }, ['plain', 'pino', 'tag', 'escaped', 'number', 'wide']],
    [{ level: ['info', 'audit'] }, ['info', 'twice', 'dotted']],
    [{ level: 'info,warn' }, ['info', 'twice', 'wide']],
    [{ service: 'payments' }, ['plain', 'info']],
    [{ service: 'pay*' }, ['plain', 'escaped', 'info']],
    [{ service: ['auth', '*ment?'] }, ['pino']],
    [{ service: '*m*s' }, ['plain', 'info']],
    [{ tag: 'auth' }, ['pino', 'tag']],
    [{ tag: ['auth', 'sl*'] }, ['pino']],
    [{ field: 'user_id=42' }, ['plain', 'escaped', 'twice']],
    [{ field: 'user_id=42*' }, ['plain', 'escaped', 'info', 'twice']],
    [{ field: 'user.id=u-1' }, ['pino', 'dotted']],
    [{ field: 'msg=café "quoted"' }, ['tag']],
    [{ field: 'n=1.50' }, ['number']],
    [{ field: 'big=12345678901234567890' }, ['number']],
    [{ field: 'deep.a.b=[1,2]' }, ['number']],
    [{ field: ['user_id=42', 'svc=payments'] }, ['plain']],
    [{ level: 'error', grep: 'declined', service: 'pay*' }, ['plain']],
    [{ since: at(0.5), until: at(1) }, ['plain']],
    [{ since: at(1), until: at(1.5) }, ['pino']],
    [{ since: at(2) }, NAMES.slice(2)],
    [{ since: at(2), level: 'error' }, ['tag', 'escaped']],
    [{ shipper: 'b' }, ['wide']],
    [{ shipper: 'nobody' }, []],
  ] as [QueryOptions, Name[]][])('by %j', async (options, names) => {
    await using folder = await temporaryFolder();
    const blocks = NAMES.map((name, index) => ({
      lines: [LINES[name]],
      shipperId: name === 'wide' ? 'b' : 'a',
      receivedAtMs: FIRST_RECEIVED_MS + Math.max(2, index) * MINUTE,
    }));
    await writeQueryArchive(folder.path, blocks);
    expect(await found(folder.path, options)).toEqual(names.map((name) => LINES[name]));
  });
});

const ANY_LINE = fc.record({
  name: fc.constantFrom(...NAMES),
  pad: fc.constantFrom('', ' ', '                    '),
});
const ANY_QUERY = fc.record(
  {
    grep: fc.constantFrom('declined', 'e', 'user.?id', '[ae]rr', '(?i)ERROR|audit', '42'),
    level: fc.constantFrom('error', 'warn+', 'info,audit', 'trace+'),
    service: fc.constantFrom('pay*', 'auth', '*'),
    tag: fc.constantFrom('auth', 's*w'),
    field: fc.constantFrom('user_id=42', 'user.id=*', 'n=*'),
    since: fc.constantFrom(at(0), at(1), at(3)),
    until: fc.constantFrom(at(3.5), at(5), at(9)),
    shipper: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: [] },
);
const ANY_BLOCKS = fc.array(
  fc.record({
    lines: fc.array(
      ANY_LINE.map(({ name, pad }) => `${pad}${LINES[name]}`),
      { minLength: 1, maxLength: 8 },
    ),
    shipperId: fc.constantFrom('a', 'b'),
    isUntimed: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

test('what it finds in blocks is what it finds in each line alone, of both formats, in the order they lie in, on any number of threads', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      ANY_BLOCKS,
      fc.array(ANY_QUERY, { minLength: 4, maxLength: 4 }),
      async (blocks, queries) => {
        await using whole = await temporaryFolder();
        const half = Math.floor(blocks.length / 2);
        await writeQueryArchive(whole.path, blocks.slice(0, half), { format: 'zstd', segmentMaxBytes: 500 });
        const later = blocks.slice(half).map((block, index) => ({
          ...block,
          receivedAtMs: FIRST_RECEIVED_MS + (half + index) * MINUTE,
        }));
        await writeQueryArchive(whole.path, later, { segmentMaxBytes: 500 });
        await using single = await temporaryFolder();
        const alone = blocks.flatMap(({ lines, shipperId }, index) =>
          lines.map((line) => ({
            ...{ lines: [line], shipperId, isUntimed: true },
            receivedAtMs: FIRST_RECEIVED_MS + index * MINUTE,
          })),
        );
        await writeQueryArchive(single.path, alone);
        for (const query of queries) {
          runs += 1;
          const expected = await found(single.path, query);
          const threads = runs % 20 === 0 ? 2 : 0;
          expect(await found(whole.path, query, { threads }), JSON.stringify(query)).toEqual(expected);
        }
      },
    ),
    { numRuns: Number(process.env.QUERY_RUNS ?? 25) },
  );
}, 60_000);

describe('threads', () => {
  test('hand on what they find in the order of the archive, more of it than may wait', async () => {
    await using folder = await temporaryFolder();
    const line = (block: number): string => JSON.stringify({ block, text: 'x'.repeat(1_000_000) });
    const blocks = Array.from({ length: 24 }, (_, block) => ({ lines: [line(block)] }));
    await writeQueryArchive(folder.path, blocks, { segmentMaxBytes: 3000 });
    expect((await listSegments(folder.path)).length).toBeGreaterThan(6);
    const lines = await found(folder.path, {}, { threads: 2 });
    expect(lines.map((text) => (JSON.parse(text) as { block: number }).block)).toEqual(
      blocks.map((_, block) => block),
    );
    expect(await found(folder.path, { grep: 'x' }, { threads: 2, limit: 2 })).toEqual([line(0), line(1)]);
  });

  test.each(['gzip', 'zstd'] as const)('hand on small %s blocks of which all is wanted', async (format) => {
    await using folder = await temporaryFolder();
    const blocks = [1, 3, 700].map((count) => ({
      lines: Array.from({ length: count }, (_, line) => `{"n":${line}}`),
    }));
    await writeQueryArchive(folder.path, blocks, { format });
    expect(await found(folder.path, {}, { threads: 1 })).toEqual(blocks.flatMap(({ lines }) => lines));
  });

  test('that fall end the search with their error', async () => {
    await using folder = await temporaryFolder();
    await writeQueryArchive(folder.path, [{ lines: ['{}'] }]);
    const broken = { ...parseQuery({}, 0), pattern: '(' };
    const all = Array.fromAsync(search(folder.path, broken, { threads: 1 }));
    await expect(all).rejects.toThrow('expected a regular expression');
  });
});

describe('a search', () => {
  test('ends when enough is found, and tells where each entry lies', async () => {
    await using folder = await temporaryFolder();
    await writeQueryArchive(folder.path, [
      { lines: ['{"n":0}', '{"n":1,"x":1}', '{"n":2}', '{"n":3,"x":1}'] },
      { lines: ['{"n":4,"x":1}'], shipperId: 'b' },
    ]);
    const places = async (limit: number): Promise<unknown[]> =>
      (await Array.fromAsync(search(folder.path, parseQuery({ field: 'x=1' }, 0), { limit }))).map(
        ({ number, shipperId, position }) => [number, shipperId, position.offset > 0],
      );
    expect(await places(2)).toEqual([
      [1, 'a', false],
      [3, 'a', false],
    ]);
    expect(await places(9)).toEqual([
      [1, 'a', false],
      [3, 'a', false],
      [0, 'b', true],
    ]);
  });

  test('counts without inflating where the headers say enough', async () => {
    await using folder = await temporaryFolder();
    await writeQueryArchive(folder.path, [
      { lines: ['{"ts":1769860800}', '{"ts":1769860801}'] },
      { lines: ['{}'] },
    ]);
    const count = async (options: QueryOptions): Promise<number> => {
      let sum = 0;
      for await (const block of searchBlocks(folder.path, parseQuery(options, 0), 'count'))
        sum += block.count;
      return sum;
    };
    expect(await count({})).toBe(3);
    expect(await count({ until: '1769860801' })).toBe(1);
    expect(await count({ since: '1769860800', until: '1769860802' })).toBe(2);
    expect(await count({ grep: 'ts' })).toBe(2);
  });

  test('finds what is acknowledged while a receiver writes, and not what is behind it', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    await opened.archive.append(await makeBlock({ text: '{"n":1}\n' }));
    await opened.archive.published();
    const [segment] = await listSegments(folder.path);
    const path = folder.in(segment?.name ?? '');
    const { size } = await stat(path);
    // Between the block and the mark that says it is durable: as if looked at in that moment.
    const mark = folder.in(COMMITTED_FILE);
    const before = await readFile(mark);
    await opened.archive.append(await makeBlock({ text: '{"n":2}\n', sequence: 2 }));
    await opened.archive.published();
    const after = await readFile(mark);
    await writeFile(mark, before);
    expect(await found(folder.path, {})).toEqual(['{"n":1}']);
    await writeFile(mark, after);
    expect(await found(folder.path, {})).toEqual(['{"n":1}', '{"n":2}']);
    expect((await stat(path)).size).toBeGreaterThan(size);
  });

  test.each([20, 60, -3])(
    'takes a last block that a crash cut short, at byte %i, for no damage',
    async (at) => {
      await using folder = await temporaryFolder();
      await writeQueryArchive(folder.path, [{ lines: ['{"n":0}'] }, { lines: ['{"n":1}'] }]);
      const [segment] = await listSegments(folder.path);
      const path = folder.in(segment?.name ?? '');
      const bytes = await readFile(path);
      const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
      await truncate(path, (at < 0 ? bytes.length : second) + at);
      await rm(folder.in(COMMITTED_FILE));
      const told: unknown[] = [];
      const report = {
        damaged: () => told.push('damaged'),
        ends: (position: Position | undefined) => told.push(position?.offset),
      };
      for (const wishes of [{}, { shipper: 'a' }])
        expect(await found(folder.path, wishes, { report })).toEqual(['{"n":0}']);
      expect(told).toEqual([second, second]);
    },
  );

  test('that reads headers does not look behind what is acknowledged, where a block may be half written', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    await opened.archive.append(await makeBlock({ text: '{"n":1}\n' }));
    await opened.archive.published();
    const [segment] = await listSegments(folder.path);
    await appendFile(folder.in(segment?.name ?? ''), Buffer.from([0x1f, 0x8b, 8, 4, 0, 0]));
    const told: number[] = [];
    const report = { damaged: ({ offset }: Position) => told.push(offset) };
    expect(await found(folder.path, { shipper: 'shipper' }, { report })).toEqual([]);
    expect(await found(folder.path, { until: '4000000000' }, { report })).toEqual(['{"n":1}']);
    expect(told).toEqual([]);
  });

  test('of an archive with damage tells it, passes it over, and finds all else', async () => {
    await using folder = await temporaryFolder();
    const lines = ['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}'];
    await writeQueryArchive(
      folder.path,
      lines.map((line) => ({ lines: [line] })),
    );
    const [segment] = await listSegments(folder.path);
    const path = folder.in(segment?.name ?? '');
    const bytes = await readFile(path);
    const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
    const third = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), second + 1);
    for (const at of [second - 9, third + 20]) bytes[at] = ~(bytes[at] ?? 0);
    await writeFile(path, bytes);
    const damages: [number, number][] = [];
    const report = {
      damaged: ({ offset }: { offset: number }, _: string, entries: number) =>
        damages.push([offset, entries]),
    };
    for (const since of [undefined, at(-60)]) {
      damages.length = 0;
      const wishes = since === undefined ? {} : { since };
      expect(await found(folder.path, wishes, { report })).toEqual(['{"n":1}', '{"n":3}']);
      expect(damages).toEqual([
        [0, 1],
        [third, 0],
      ]);
    }
    await truncate(path, bytes.length - 3);
    expect(await found(folder.path, {}, { report })).toEqual(['{"n":1}']);
  });

  test('of a folder that is empty finds nothing; of a segment that is deleted meanwhile what is left', async () => {
    await using folder = await temporaryFolder();
    expect(await found(folder.path, {})).toEqual([]);
    await writeQueryArchive(folder.path, [{ lines: ['{"n":0}'] }, { lines: ['{"n":1}'] }], {
      segmentMaxBytes: 10,
    });
    const gone: string[] = [];
    const report = { gone: (segment: string) => gone.push(segment) };
    const searching = search(folder.path, parseQuery({}, 0), { report });
    const [, last] = await listSegments(folder.path);
    expect((await searching.next()).value?.line.toString()).toBe('{"n":0}');
    await rm(folder.in(last?.name ?? ''));
    expect(await searching.next()).toMatchObject({ done: true });
    expect(gone).toEqual([last?.name]);
  });

  test('of a folder that is not there is refused', async () => {
    await expect(found('/not/there', {})).rejects.toThrow(
      'there is no archive to read in /not/there: ENOENT',
    );
  });

  test('ends when its signal aborts', async () => {
    await using folder = await temporaryFolder();
    await writeQueryArchive(folder.path, [{ lines: ['{"n":0}'] }, { lines: ['{"n":1}'] }]);
    const stop = new AbortController();
    const searching = search(folder.path, parseQuery({}, 0), { signal: stop.signal });
    await searching.next();
    stop.abort();
    expect(await searching.next()).toMatchObject({ done: true });
  });
});
