import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../src/monitor/ledger.ts';
import { Live, type LiveFigures } from '../../../src/monitor/live.ts';
import { ProcessFigures } from '../../../src/monitor/process_figures.ts';
import { liveAnswer, type LiveAnswer } from '../../../src/tools/top/live_client.ts';
import { count, duration, fit, printable } from '../../../src/tools/top/shown.ts';
import { sparkline } from '../../../src/tools/top/sparkline.ts';
import { topLines, type TopState } from '../../../src/tools/top/top_view.ts';

const ARCHIVE: NonNullable<LiveFigures['archive']> = {
  ...{
    segments: 2,
    bytes: 5 * 1024 ** 2,
    freeBytes: 1024 ** 3,
    diskBytes: 1024 ** 4,
    maxBytes: 1024 ** 3,
    maxAgeMs: 0,
  },
  followers: [{ name: 'csv', entries: 900, malformed: 1, lost: 2, behindBytes: 2048, savedAtMs: 1 }],
};

/** What a receiver with these shippers answers. */
function answerOf(ids: readonly string[], errors: readonly string[] = []): LiveAnswer {
  using process = new ProcessFigures();
  const ledger = new Ledger();
  ledger.stored = 1234;
  for (const id of ids) {
    const line = ledger.shippers.opened(id, 'a:1');
    line.said({ version: '0.1.0', level: 6, backlog: 12 });
    ledger.shippers.stored({ shipperId: id, count: 7, rawLength: 70, body: { length: 7 } });
  }
  for (const code of errors) ledger.error(code);
  using live = new Live({ ledger, health: () => ({ state: 'ok' }), archive: () => ARCHIVE, process });
  live.tick();
  return liveAnswer(JSON.stringify({ figures: live.figures, history: live.history(60) }));
}

const shown = (state: Partial<TopState>, columns = 100, rows = 30): string[] =>
  topLines({ where: 'localhost:8080', answer: undefined, ...state }, { columns, rows }).map(
    ({ text }) => text,
  );

describe('the view', () => {
  test('says what there is to know', () => {
    const text = shown({ answer: answerOf(['web-1', 'web-2'], ['tls']), cpuShare: 0.5 }).join('\n');
    for (const part of [
      'logferry 0.1.0  localhost:8080',
      'stored 1,234',
      'disk 5.0 MiB of 1.0 GiB in 2 segments  free 1.0 GiB',
      'cpu 50%',
      'errors: tls 1',
      'follower csv      behind 2.0 KiB  entries 900  malformed 1  lost 2',
    ])
      expect(text).toContain(part);
    expect(text).toMatch(/^shipper +logs\/s +lag +ack level +backlog +stored +version$/m);
    expect(text).toMatch(/^web-1 +0 +0 ms +- +6 +12 +7 +0\.1\.0$/m);
  });

  test.each([
    [100, 30],
    [50, 14],
    [20, 5],
    [3, 2],
    [1, 1],
    [0, 0],
  ])('fits %i columns and %i rows', (columns, rows) => {
    const ids = Array.from({ length: 50 }, (_, n) => `web-${n}-${'x'.repeat(100)}`);
    const lines = shown(
      { answer: answerOf(ids), away: { reason: 'r'.repeat(300), seconds: 3 } },
      columns,
      rows,
    );
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test('shows the busiest, and how many more there are', () => {
    const lines = shown({ answer: answerOf(Array.from({ length: 50 }, (_, n) => `web-${n}`)) }, 80, 20);
    expect(lines).toHaveLength(20);
    const more = Number(/and (\d+) more/.exec(lines.join('\n'))?.[1]);
    expect(more + lines.filter((line) => line.startsWith('web-')).length).toBe(50);
  });

  test('nothing a peer says reaches the terminal as anything but visible letters', () => {
    const hostile = '\x1b[2J\x1b]0;x\x07\u202e\r\n\x9b31m‮é';
    const answer = answerOf([hostile], [hostile]);
    const figures = {
      ...answer.figures,
      version: hostile,
      health: { state: 'ok' as const, reason: hostile },
    };
    const lines = shown({
      where: hostile,
      answer: {
        ...answer,
        figures: {
          ...figures,
          shippers: figures.shippers.map((shipper) => ({ ...shipper, version: hostile })),
        },
      },
      away: { reason: hostile, seconds: 1 },
    });
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e▁-█]*$/);
    expect(lines.join('\n')).toContain('\\u{1b}[2J');
  });
});

describe('an answer', () => {
  const whole = answerOf(['web-1']);
  const { figures, history } = whole;

  test.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['empty', '{}'],
    ['without figures', JSON.stringify({ history })],
    ['without a history', JSON.stringify({ figures })],
    [
      'with a text for a number',
      JSON.stringify({ history, figures: { ...figures, connections: '\x1b[2J' } }),
    ],
    ['with a shipper that is none', JSON.stringify({ history, figures: { ...figures, shippers: [{}] } })],
    [
      'with a version that is none',
      JSON.stringify({
        history,
        figures: { ...figures, shippers: [{ ...figures.shippers[0], version: 7 }] },
      }),
    ],
    ['with an archive that is none', JSON.stringify({ history, figures: { ...figures, archive: {} } })],
  ])('%s is none', (_, text) => {
    expect(() => liveAnswer(text)).toThrow('not what a receiver of this version says');
  });

  test('with more than is known is one', () => {
    const more = { ...whole, more: 1, figures: { ...figures, more: 1 } };
    expect(liveAnswer(JSON.stringify(more))).toEqual(more);
  });
});

test('figures as people read them', () => {
  expect([0, 7.25, 1234.5, NaN, undefined, null].map(count)).toEqual(['0', '7.3', '1,235', '-', '-', '-']);
  expect([0.0071, 2.34, 59, 600, 9000, 1e6, Infinity, null].map(duration)).toEqual([
    '7 ms',
    '2.3 s',
    '59 s',
    '10 min',
    '3 h',
    '12 d',
    '-',
    '-',
  ]);
  expect([fit('abcdef', 4), fit('abc', 4), fit('abc', 0)]).toEqual(['abc~', 'abc', '']);
  expect(printable('a\tb\u{1f600}')).toBe('a\\u{9}b\\u{1f600}');
});

test('a sparkline is as high as the highest, and as long as there is room', () => {
  expect(sparkline([0, 1, 4, 8], 10)).toBe(' ▁▄█');
  expect(sparkline([1, 2, 3, 4], 2)).toBe('▆█');
  expect(sparkline([NaN, -1, Infinity, 0], 10)).toBe('    ');
  expect([sparkline([], 5), sparkline([1], 0), sparkline([1], -3)]).toEqual(['', '', '']);
});
