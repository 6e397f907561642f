import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseSyslog } from '../../../src/shipper/processors/parse_syslog.ts';
import { entriesFrom } from '../../helpers/processing.ts';

const objectOf = (line: string): unknown => {
  const fields = parseSyslog(line);
  return fields === undefined ? undefined : Object.fromEntries(fields);
};

const AUTH_CRIT = { facility: 'auth', severity: 'crit', level: 'FATAL' };
const USER_NOTICE = { facility: 'user', severity: 'notice', level: 'INFO' };

/** The examples of RFC 5424, 6.5, but for the third (whose time has no digit after its point: it is malformed there). */
describe('RFC 5424', () => {
  test.each([
    [
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed",
      {
        ...AUTH_CRIT,
        ...{ timestamp: '2003-10-11T22:14:15.003Z', host: 'mymachine.example.com', service: 'su' },
        ...{ message_id: 'ID47', message: "'su root' failed" },
      },
    ],
    [
      '<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [a@1 iut="3" x="a\\"b\\\\c\\]d"][b@2 c="high"]',
      {
        ...{ facility: 'local4', severity: 'notice', level: 'INFO', timestamp: '2003-10-11T22:14:15.003Z' },
        ...{ host: 'h', service: 'evntslog', message_id: 'ID47', message: '' },
        structured_data: { 'a@1': { iut: '3', x: 'a"b\\c]d' }, 'b@2': { c: 'high' } },
      },
    ],
    ['<13>1 - - - - - -', { ...USER_NOTICE, message: '' }],
    ['<13>1 - - - - - - hello  there', { ...USER_NOTICE, message: 'hello  there' }],
    ['<13>1 - - - - - [x] m', { ...USER_NOTICE, structured_data: { x: {} }, message: 'm' }],
    ['<13>1 - - - - - [x a="b" m', undefined],
    ['<13>1 - - - - - [x a=b] m', undefined],
    ['<13>1 - - - - - -m', undefined],
    ['<13>1 2003-10-11 - - - - -', undefined],
    ['<192>1 - - - - - -', undefined],
    ['<13>2 - - - - - -', undefined],
    ['<13>1 - - -', undefined],
  ])('%j', (line, fields) => {
    expect(objectOf(line)).toEqual(fields);
  });
});

describe('RFC 3164, with its priority or (as in files) without', () => {
  test.each([
    [
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
      {
        ...AUTH_CRIT,
        ...{ timestamp: 'Oct 11 22:14:15', host: 'mymachine', service: 'su', message: "'su root' failed" },
      },
    ],
    [
      'Jan  2 03:04:05 web-1 sshd[42]: Accepted password',
      {
        ...{ timestamp: 'Jan  2 03:04:05', host: 'web-1', service: 'sshd', pid: '42' },
        message: 'Accepted password',
      },
    ],
    [
      '2024-06-07T10:00:06.1+02:00 web-1 cron[1]: x',
      { timestamp: '2024-06-07T10:00:06.1+02:00', host: 'web-1', service: 'cron', pid: '1', message: 'x' },
    ],
    ['Jan  2 03:04:05 h no program', { timestamp: 'Jan  2 03:04:05', host: 'h', message: 'no program' }],
    ['Jan  2 03:04:05 h', undefined],
    ['Foo  2 03:04:05 h x: y', undefined],
    ['<999>Jan  2 03:04:05 h x: y', undefined],
    ['words', undefined],
    ['', undefined],
  ])('%j', (line, fields) => {
    expect(objectOf(line)).toEqual(fields);
  });
});

test('a syslog file of all kinds has its malformed lines shipped as they are, counted exactly', async () => {
  const sample = await readFile(new URL('../../samples/syslog.log', import.meta.url), 'utf8');
  const entries = entriesFrom(sample, { parse: 'syslog' }) as Record<string, unknown>[];
  const lines = sample.trimEnd().split('\n');
  expect(entries).toHaveLength(lines.length);
  const malformed = entries.flatMap(({ _error }, index) => (_error === 'not_syslog' ? [index + 1] : []));
  expect(malformed).toEqual([10, 11, 12, 13]);
  for (const number of malformed) expect(entries[number - 1]?.message).toBe(lines[number - 1]);
  expect(entries.map(({ service }) => service).filter((service) => service !== undefined)).toEqual([
    ...['su', 'myproc', 'evntslog', 'sshd', 'sudo', 'kernel', 'CRON', 'postgres'],
  ]);
});
