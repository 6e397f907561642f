import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProcessCounts } from '../../../src/shipper/processors/process_counts.ts';
import { total } from '../../../src/shipper/processors/process_counts.ts';
import { LineCutter } from '../../../src/base/lines.ts';
import type { EntriesOfCut } from '../../../src/shipper/entry_lines.ts';
import { pipelineWith, processed, runsOf, type Flags } from '../../helpers/processing.ts';

describe('lines that no rule changes go through as their bytes', () => {
  test('not copied, where all of them do', () => {
    const bytes = Buffer.from('{"a":1}\n{"b":2}\r\n');
    const [run] = [...pipelineWith({ parse: 'json' }).shaperOf('x').shape({ kind: 'lines', bytes }, 1e6)];
    expect(run?.lines.bytes.buffer).toBe(bytes.buffer);
    expect(run).toEqual({ lines: { bytes, count: 2 }, sourceBytes: bytes.length });
  });

  test('copied, where little is left: the memory of the rest is not held', () => {
    const text = `{"a":1}\n${'{"b":2}\n'.repeat(10)}`;
    const bytes = Buffer.allocUnsafeSlow(text.length);
    bytes.write(text);
    const [run] = [
      ...pipelineWith({ exclude: ['b'] })
        .shaperOf('x')
        .shape({ kind: 'lines', bytes }, 1e6),
    ];
    expect(run?.lines.bytes.toString()).toBe('{"a":1}\n');
    expect(run?.lines.bytes.buffer).not.toBe(bytes.buffer);
    expect(run?.sourceBytes).toBe(bytes.length);
  });
});

test.each([
  ['json', '{"a":1}\n', ['{"a":1}']],
  ['none', '{"a":1}\n', ['{"a":1}']],
  ['csv', 'a,b\n1,2\n', ['{"a":"1","b":"2"}']],
  ['auto', 'a,b\n1,2\n', ['{"a":"1","b":"2"}']],
  ['none', 'text\n', ['{"message":"text"}']],
])(
  'Filebeat #1349, Fluent Bit #3256: a byte order mark is no part of the text: %s',
  (parse, text, entries) => {
    const marked = Buffer.from(`\uFEFF${text}`);
    const flags = { parse, exclude: ['never'] };
    expect(processed(marked, flags)).toEqual(entries);
    const runs = runsOf([marked], flags);
    expect(runs.reduce((sum, { sourceBytes }) => sum + sourceBytes, 0)).toBe(marked.length);
  },
);

test('a run of no entries says that all was filtered out', () => {
  const runs = runsOf([Buffer.from('a\nb\n')], { exclude: ['.'] });
  expect(runs.map(({ lines, sourceBytes }) => [lines.bytes.length, lines.count, sourceBytes])).toEqual([
    [0, 0, 4],
  ]);
});

test('runs are no longer than they may be, but for a longer entry', () => {
  const lines = ['{"a":1}', 'x'.repeat(300), '{"b":2}', 'y', '{"c":3}'];
  const runs = runsOf([Buffer.from(`${lines.join('\n')}\n`)], { tag: ['t=.'] }, { maxBytes: 100 });
  expect(runs.length).toBeGreaterThan(2);
  for (const { lines: made } of runs) expect(made.bytes.length <= 100 || made.count === 1).toBe(true);
  expect(runs.reduce((sum, { lines: made }) => sum + made.count, 0)).toBe(5);
});

const LINE = fc.oneof(
  { weight: 3, arbitrary: fc.json() },
  fc.object().map((value) => JSON.stringify(value)),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '  ',
    '{',
    '{}',
    '  at x',
    '\tat y',
    'a,b',
    'a=1 b="2"',
    '{a}',
    '"',
    'START x',
    '{"tags":1}',
  ),
);
const TEXT = fc.oneof(
  fc.array(LINE, { maxLength: 12 }).map((lines) => Buffer.from(lines.join('\n'))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const FORMATS = ['none', 'auto', 'json', 'csv', 'logfmt', 'common', 'combined', 'syslog'];
const FLAGS: fc.Arbitrary<Flags> = fc
  .record({
    parse: fc.constantFrom(...FORMATS),
    exclude: fc.constantFrom([], ['a'], ['a=~1'], ['[^a-z]', 'b=~.']),
    include: fc.constantFrom([], ['a|b'], ['b=~.'], ['.', 'c=~x']),
    'min-level': fc.constantFrom('all', 'warn'),
    tag: fc.constantFrom([], ['t=a'], ['auth,api', 't=a=~.']),
    add: fc.constantFrom([], ['env=prod', 'a=1']),
    drop: fc.constantFrom([], ['a,b', 'a.b']),
    redact: fc.constantFrom([], ['email,card,token', 'x=a+']),
    'multiline-indent': fc.constantFrom('true', 'false'),
    'multiline-start': fc.constantFrom('', 'START'),
    'multiline-max-lines': fc.constantFrom('2', '500'),
  })
  .map((flags) => flags as unknown as Flags);

/** Runs of a text that comes in pieces of so many bytes. */
function shaped(
  text: Buffer,
  flags: Flags,
  pieceBytes: number,
  head: string,
): { runs: EntriesOfCut[]; counts: ProcessCounts } {
  const { shaperOf, counts } = pipelineWith(flags, { headOf: () => head });
  const shaper = shaperOf('x');
  const cutter = new LineCutter(64);
  const runs: EntriesOfCut[] = [];
  for (let at = 0; at < text.length; at += pieceBytes)
    for (const cut of cutter.push(Buffer.from(text.subarray(at, at + pieceBytes))))
      runs.push(...shaper.shape(cut, 200));
  for (const cut of cutter.end()) runs.push(...shaper.shape(cut, 200));
  return { runs: [...runs, ...shaper.flush(200)], counts };
}

const linesOf = (runs: readonly EntriesOfCut[]): string =>
  Buffer.concat(runs.map(({ lines }) => lines.bytes)).toString();

test('any bytes with any rules: nothing throws, no line is lost, and every line given out is an entry', () => {
  fc.assert(
    fc.property(TEXT, FLAGS, fc.integer({ min: 1, max: 50 }), (text, flags, pieceBytes) => {
      const { runs, counts } = shaped(text, flags, pieceBytes, '');
      const entries = linesOf(runs).split('\n').slice(0, -1);
      for (const entry of entries) expect(entry.trim()).toMatch(/^\{.*\}$/s);
      expect(entries).toHaveLength(runs.reduce((sum, { lines }) => sum + lines.count, 0));
      expect(entries).toHaveLength(counts.entries + counts.pieces);
      const { lines, joined, blank, headers, filtered } = counts;
      expect(lines).toBe(counts.entries + total(filtered) + joined + blank + headers);
      const sourceBytes = runs.reduce((sum, run) => sum + run.sourceBytes, 0);
      const isOpen = text.length > 0 && text.at(-1) !== 0x0a;
      expect(sourceBytes).toBe(text.length + (isOpen ? 1 : 0));
    }),
    { numRuns: 2000 },
  );
});

test('how the bytes come makes no difference', () => {
  fc.assert(
    fc.property(TEXT, FLAGS, fc.integer({ min: 1, max: 50 }), (text, flags, pieceBytes) => {
      const head = text.toString();
      expect(linesOf(shaped(text, flags, pieceBytes, head).runs)).toBe(
        linesOf(shaped(text, flags, text.length + 1, head).runs),
      );
    }),
    { numRuns: 1000 },
  );
});

test('a source that begins again behind any run gives exactly the rest', () => {
  fc.assert(
    fc.property(TEXT, FLAGS, fc.integer({ min: 1, max: 50 }), (text, flags, pieceBytes) => {
      const head = text.toString();
      const long = text
        .toString('latin1')
        .split('\n')
        .some((line) => line.length > 64);
      fc.pre(!long);
      const { runs } = shaped(text, flags, pieceBytes, head);
      let offset = 0;
      for (const [index, run] of runs.entries()) {
        offset += run.sourceBytes;
        const rest = shaped(text.subarray(offset), flags, pieceBytes, head);
        expect(linesOf(rest.runs)).toBe(linesOf(runs.slice(index + 1)));
      }
    }),
    { numRuns: 1000 },
  );
});

test.each(['none', 'json', 'csv', 'logfmt', 'common', 'combined', 'syslog', 'auto'])(
  'a very long line of any kind is taken by %s with all rules',
  (parse) => {
    const flags = {
      ...{ parse, exclude: ['^x+$', 'a=~b'], tag: ['auth,payment,api'], redact: ['email,card,token'] },
      ...{ drop: ['a.b'], add: ['e=p'], 'min-level': 'warn' },
    };
    const filler = ['x', '{', '"', '\\', '[', '4', 'a=', ' ', '{"a":', ','];
    for (const text of filler) {
      const line = text.repeat(Math.floor(400_000 / text.length));
      expect(processed(`${line}\n`, flags).length).toBeLessThanOrEqual(1);
      expect(processed(`{"a":${JSON.stringify(line)}}\n`, flags)).toHaveLength(1);
    }
  },
  30_000,
);
