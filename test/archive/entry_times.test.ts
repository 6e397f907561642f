import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EntryTimes } from '../../src/archive/entry_times.ts';
import { TimeRangeFinder, timeRangeOf } from '../../src/archive/time_range.ts';
import { timeOf } from '../../src/entry/time.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

const timeIn = (line: string): number | undefined => {
  const bytes = Buffer.from(line);
  return new EntryTimes().timeOf(bytes, 0, bytes.length);
};

describe('the time of a line is', () => {
  test.each([
    ['{"ts":"2026-01-31T12:00:00Z"}', NOON],
    ['{"time":1769860800}', NOON],
    ['{"level":30,"time":1769860800250,"msg":"pino"}', NOON + 250],
    ['{"timestamp":"2026-01-31T12:00:00.123456Z","a":1}', NOON + 123],
    ['{"@timestamp":"2026-01-31T13:00:00+01:00"}', NOON],
    ['{"timestamp":"2026-01-31 12:00:00,5"}', NOON + 500],
    [' { "ts" : "2026-01-31T12:00:00Z" } ', NOON],
    ['{"t\\u0073":"2026-01-31T12:00:00Z"}', NOON],
    ['{"ts":"2026-01-31T12:00:00Z","time":1}', NOON],
    ['{"time":"noon","ts":"2026-01-31T12:00:00Z"}', NOON],
    ['{"time":null,"timestamp":1769860800}', NOON],
    ['{"nested":{"time":1},"list":[{"ts":2}],"ts":1769860800.5}', NOON + 500],
    ['{"ts":"2026-01-31T12:00:00Z", and then no JSON}', NOON],
  ])('%s', (line, ms) => {
    expect(timeIn(line)).toBe(ms);
  });

  test.each([
    ['{}'],
    ['{"message":"12:00"}'],
    ['{"nested":{"time":1769860800}}'],
    ['{"ts":"2026-01-31T12:00:00Z'],
    ['{no JSON}'],
    ['{"a":1 "ts":1769860800}'],
    ['["ts",1769860800]'],
    ['{"ts":"2026-02-31x12:00:00Z"}'],
  ])('not in %s', (line) => {
    expect(timeIn(line)).toBeUndefined();
  });
});

const TIMES = fc.oneof(
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.integer({ min: 1e9, max: 2e9 }),
  fc.integer({ min: 1e12, max: 2e12 }),
  fc.constantFrom(
    ...['2026-02-30T12:00:00Z', '2026-01-31T24:00:00.000Z', '2026-01-31T12:60:00Z', '2026-01-31T12:00:00.Z'],
    ...['2026-01-31T12:00:00.1Z', '2026-01-31T12:00:00.123456789Z', '2026-01-31T12:00:00.1234567891Z'],
    ...[
      '2026-01-31T12:00:00',
      '20260131T120000Z',
      '2026-1-31T12:00:00Z',
      '1769860800',
      'noon',
      '',
      null,
      true,
    ],
    ...[0, -1, 1769860800.25, 17698608001, 1e300, { time: 1 }, [1769860800]],
  ),
);
const LINE = fc
  .tuple(fc.constantFrom('ts', 'time', 'timestamp', '@timestamp', 'other'), TIMES, fc.constantFrom('', ' '))
  .map(([name, time, space]) => `{"level":30,${space}"${name}":${JSON.stringify(time)},"msg":"x"}`);

test('what leads to the time in one line leads to it in the next, and changes nothing', () => {
  fc.assert(
    fc.property(fc.array(LINE, { maxLength: 20 }), (lines) => {
      const bytes = Buffer.from(lines.join('\n'));
      const times = new EntryTimes();
      let start = 0;
      for (const line of lines) {
        const end = start + Buffer.byteLength(line);
        expect(times.timeOf(bytes, start, end), line).toBe(timeIn(line));
        const [, value] = Object.entries(JSON.parse(line) as object)[1] as [string, unknown];
        if (!line.includes('"other"')) expect(timeIn(line), line).toBe(timeOf(value)?.ms);
        start = end + 1;
      }
    }),
    { numRuns: 1000 },
  );
});

test('a line is left as it was, also where it has a return between its members', () => {
  const line = '{"a":1,\r"ts":1769860800}';
  const bytes = Buffer.from(line);
  expect(new EntryTimes().timeOf(bytes, 0, bytes.length)).toBe(NOON);
  expect(bytes.toString()).toBe(line);
});

describe('the range of times of a block', () => {
  const range = (...lines: string[]) => timeRangeOf(Buffer.from(lines.map((line) => `${line}\n`).join('')));

  test('is from the earliest to the latest, in whatever order', () => {
    const lines = [3, 1, 2].map((second) => `{"ts":"2026-01-31T12:00:0${second}Z"}`);
    expect(range(...lines)).toEqual({ firstMs: NOON + 1000, lastMs: NOON + 3000 });
  });

  test.each([
    ['there is no line', []],
    ['one line says no time', ['{"ts":1769860800}', '{"a":1}', '{"ts":1769860801}']],
    ['one line is no JSON', ['{"ts":1769860800}', '{ts}']],
  ])('is not known where %s', (_, lines) => {
    expect(range(...lines)).toBeUndefined();
  });

  test('is known of lines of six levels and two kinds each, in any order', () => {
    const finder = new TimeRangeFinder();
    for (let number = 0; number < 4000; number += 1) {
      const level = ((number * 7) % 6) * 10 + 10;
      const service = number % 5 < 3 ? '' : '"svc":"pay",';
      const line = Buffer.from(
        `{"level":${level},${service}"time":${NOON + number},"msg":"${'x'.repeat(40)}"}`,
      );
      finder.add(line, 0, line.length);
    }
    expect(finder.range).toEqual({ firstMs: NOON, lastMs: NOON + 3999 });
  });

  test('is not known where finding it out would take too long', () => {
    const finder = new TimeRangeFinder();
    const line = (id: number): Buffer => Buffer.from(`{"id":"${'x'.repeat(4000)}${id}","ts":1769860800}`);
    for (let id = 0; id < 3; id += 1) finder.add(line(id), 0, line(id).length);
    expect(finder.range).toEqual({ firstMs: NOON, lastMs: NOON });
    for (let id = 0; id < 3; id += 1) finder.add(line(id), 0, line(id).length);
    expect(finder.range).toBeUndefined();
  });
});
