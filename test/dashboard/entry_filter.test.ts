import { describe, expect, test } from 'vitest';
import { filterOf, isWanted, keptNames, keyOf } from '../../src/dashboard/entry_filter.ts';
import { viewOf } from '../../src/dashboard/entry_view.ts';

const HEADER = { shipperId: 'shop-1', receivedAtMs: 1000 };
const PLACE = { segment: 'logs_20260101_000000.jsonl.gz', offset: 0, line: 0 };

const LONG = 'x'.repeat(200);

const viewIn = (members: object) => viewOf(JSON.stringify(members), HEADER, PLACE).view;
const namesIn = (members: object) => viewOf(JSON.stringify(members), HEADER, PLACE).names;
const isSeen = (query: string, members: object): boolean =>
  [namesIn(members), keptNames(namesIn(members))].every((names) =>
    isWanted(filterOf(new URLSearchParams(query)), names, () => JSON.stringify(members).toLowerCase()),
  );

describe('a filter', () => {
  test.each([
    ['', {}, true],
    ['level=ERROR', { level: 'error' }, true],
    ['level=error', { level: 50 }, true],
    ['level=ERROR', { level: 'err' }, true],
    ['level=ERROR', { level: 'warn' }, false],
    ['level=WARN%2B', { level: 'warning' }, true],
    ['level=WARN%2B', { level: 'fatal' }, true],
    ['level=WARN%2B', { level: 'info' }, false],
    ['level=WARN%2B', { level: 'loud' }, false],
    ['level=loud%2B', { level: 'loud' }, false],
    ['level=loud', { level: 'LOUD' }, true],
    ['level=INFO', {}, false],
    ['service=pay', { service: 'pay' }, true],
    ['service=pay', { service: 'payments' }, false],
    ['tag=auth', { tags: ['x', 'auth'] }, true],
    ['tag=auth', { tags: 'authority' }, false],
    ['tag=g', { tags: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }, true],
    [`service=${LONG}`, { service: LONG }, true],
    [`service=${LONG}`, { service: `${LONG}x` }, false],
    ['text=Card+REFUSED', { message: 'card refused' }, true],
    ['text=refused', { message: 'taken' }, false],
    ['level=INFO&service=pay', { level: 'INFO', service: 'web' }, false],
  ])('%s of %o: %s', (query, members, expected) => {
    expect(isSeen(query, members)).toBe(expected);
  });

  test('that wants the same has the same key', () => {
    const key = (query: string): string => keyOf(filterOf(new URLSearchParams(query)));
    expect(key('level=warn%2B&text=A')).toBe(key('text=a+&level=WARN%2B&other=1'));
    expect(key('service=a')).not.toBe(key('tag=a'));
  });

  test('of a name that is too long is refused', () => {
    expect(() => filterOf(new URLSearchParams({ tag: 'x'.repeat(201) }))).toThrow(
      'tag is longer than 200 characters',
    );
  });
});

describe('a view', () => {
  test('is short, whatever the entry is', () => {
    const long = 'x'.repeat(100_000);
    const view = viewIn({
      level: long,
      service: long,
      message: long,
      tags: Array(100).fill(long),
      [long]: long,
    });
    expect(view.isCut).toBe(true);
    expect(JSON.stringify(view).length).toBeLessThan(2000);
  });

  test.each(['{', '[1]', '"text"', 'null', ''])('of %j, which is no entry, is the line itself', (line) => {
    const { view, isMalformed } = viewOf(line, HEADER, PLACE);
    expect(isMalformed).toBe(true);
    expect(view).toMatchObject({ message: line, level: null, timeMs: 1000, tags: [] });
  });

  test('of a line of a megabyte is its beginning, and that is not counted as malformed', () => {
    const { view, isMalformed } = viewOf(`{"message":"${'x'.repeat(1e6)}"}`, HEADER, PLACE);
    expect([view.message.length, view.isCut, isMalformed]).toEqual([400, true, false]);
  });

  test('has what is in no column beside the message', () => {
    expect(viewIn({ message: 'm', id: 12, level: 'info' })).toMatchObject({ message: 'm', rest: '"id":12' });
    expect(viewIn({ id: 12 })).toMatchObject({ message: '{"id":12}', rest: '' });
  });
});
