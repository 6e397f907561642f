/** Each format, read by a parser that is not ours to begin with, holds what the JSON of the same seed holds. */
import { expect, test } from 'vitest';
import { FORMATS } from '../../../../src/shipper/sources/generator/formats.ts';
import { entryLines } from '../../../../src/shipper/entry_lines.ts';
import { NOW, generatedLines, generatedRecords, type GeneratedEntry } from '../../../helpers/generated.ts';

const COUNT = 5000;
const OPTIONS = { startMs: NOW, rate: 7, isRaw: true } as const;

test('csv: each record has the fields of the header, RFC 4180', async () => {
  const records = await generatedRecords(COUNT, OPTIONS);
  const lines = await generatedLines(COUNT, { ...OPTIONS, format: 'csv' });
  const [names = [], ...rows] = csvTable(`${FORMATS.csv.header ?? ''}\n${lines.join('\n')}\n`);
  expect(rows).toHaveLength(COUNT);
  expect(rows.some((row) => row.some((field) => field.includes(',')))).toBe(true);
  for (const [index, row] of rows.entries()) {
    const expected = Object.entries(records[index] ?? {}).map(([name, value]) => [name, String(value)]);
    expect(names.map((name, column) => [name, row[column]])).toEqual(expected);
    expect(row).toHaveLength(names.length);
  }
});

const COMMON =
  /^(?<host>\d{1,3}(?:\.\d{1,3}){3}) (?<ident>\S+) (?<user>\S+) \[(?<date>\d{2}\/[A-Z][a-z]{2}\/\d{4}):(?<time>\d{2}:\d{2}:\d{2}) \+0000\] "(?<method>[A-Z]+) (?<path>\/\S*) HTTP\/1\.[01]" (?<status>[1-5]\d{2}) (?<bytes>\d+)$/;

test('common: host, ident, user, date, request, status and bytes', async () => {
  const records = await generatedRecords(COUNT, OPTIONS);
  const lines = await generatedLines(COUNT, { ...OPTIONS, format: 'common' });
  for (const [index, line] of lines.entries()) {
    const found = COMMON.exec(line)?.groups ?? {};
    const { timestamp = '', user_id: user, level, message } = records[index] ?? {};
    const at = Date.parse(`${found.date?.replaceAll('/', ' ') ?? ''} ${found.time ?? ''} UTC`);
    expect(at, line).toBe(Math.floor(Date.parse(timestamp) / 1000) * 1000);
    expect(found.user).toBe(user);
    expect(found.host).toMatch(/^198\.18\.[12]\d\d\.[12]\d\d$/);
    expect(found.host?.split('.').every((part) => Number(part) < 256)).toBe(true);
    if (level === 'ERROR') expect(Number(found.status)).toBeGreaterThanOrEqual(400);
    if (message === 'payment declined') expect(found.status).toBe('402');
  }
});

/** RFC 5424, 6: header, one element of structured data, message. */
const SYSLOG =
  /^<(?<pri>\d{1,3})>1 (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?<host>[!-~]{1,255}) (?<app>[!-~]{1,48}) (?<pid>[!-~]{1,128}) (?<id>[!-~]{1,32}) \[(?<element>[!-<>-\\^-~]{1,32})(?<params>(?: [!-<>-~]{1,32}="[^"\\\]]*")*)\] (?<text>.*)$/;
const SEVERITY: Readonly<Record<string, number>> = { ERROR: 3, WARN: 4, INFO: 6, DEBUG: 7 };

test('syslog: RFC 5424, with the severity of the level', async () => {
  const records = await generatedRecords(COUNT, OPTIONS);
  const lines = await generatedLines(COUNT, { ...OPTIONS, format: 'syslog' });
  for (const [index, line] of lines.entries()) {
    const found = SYSLOG.exec(line)?.groups ?? {};
    const { timestamp, host, service, level, message, ...rest } = records[index] as GeneratedEntry;
    expect([found.time, found.host, found.app], line).toEqual([timestamp, host, service]);
    expect(Number(found.pri)).toBe(16 * 8 + (SEVERITY[level] ?? -1));
    const params = [...(found.params ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((match) => match.slice(1));
    expect(params.slice(0, 3)).toEqual([
      ['user', rest.user_id],
      ['session', rest.session],
      ['request', rest.request_id],
    ]);
    expect(params[3]).toEqual(['status', expect.stringMatching(/^[2-5]\d\d$/)]);
    expect(found.text).toBe(`${message}, ms=${rest.ms} n=${rest.n}`);
  }
});

test.each(['csv', 'common', 'syslog'] as const)(
  '%s to a receiver goes as any line of a file does',
  async (format) => {
    const raw = await generatedLines(COUNT, { ...OPTIONS, format });
    const expected = entryLines(Buffer.from(`${raw.join('\n')}\n`));
    const entries = await generatedLines(COUNT, { ...OPTIONS, format, isRaw: false });
    expect(`${entries.join('\n')}\n`).toBe(expected.bytes.toString());
  },
);

test.each([
  ['of 1970', 0],
  ['at the end of a leap day', Date.UTC(2028, 1, 29, 23, 59, 59, 999)],
  ['after the year 9999, where they stop', Date.UTC(9999, 11, 31, 23, 59, 59, 999) + 5000],
])('times are as long as any other: %s', (_, ms) => {
  for (const { time } of Object.values(FORMATS)) expect(time(ms)).toHaveLength(time(NOW).length);
});

/** A table driven parser of CSV: the state and the kind of character say what is done and what comes next. */
function csvTable(text: string): string[][] {
  const rows: string[][] = [[]];
  let field = '';
  const keep = (letter: string): unknown => (field += letter);
  const endField = (): unknown => (rows.at(-1)?.push(field), (field = ''));
  const endRow = (): unknown => (endField(), rows.push([]));
  const nothing = (): unknown => undefined;
  const table: Record<string, Record<string, [(letter: string) => unknown, string]>> = {
    start: {
      quote: [nothing, 'quoted'],
      comma: [endField, 'start'],
      end: [endRow, 'start'],
      other: [keep, 'plain'],
    },
    plain: { comma: [endField, 'start'], end: [endRow, 'start'], other: [keep, 'plain'] },
    quoted: {
      quote: [nothing, 'quote'],
      comma: [keep, 'quoted'],
      end: [keep, 'quoted'],
      other: [keep, 'quoted'],
    },
    quote: { quote: [keep, 'quoted'], comma: [endField, 'start'], end: [endRow, 'start'] },
  };
  const kinds: Record<string, string> = { '"': 'quote', ',': 'comma', '\n': 'end' };
  let state = 'start';
  for (const letter of text) {
    const step = table[state]?.[kinds[letter] ?? 'other'];
    if (step === undefined) throw new Error(`${letter} may not be here`);
    step[0](letter);
    state = step[1];
  }
  return rows.slice(0, -1);
}
