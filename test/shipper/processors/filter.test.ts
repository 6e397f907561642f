import { describe, expect, test } from 'vitest';
import { pipelineWith, processed, type Flags } from '../../helpers/processing.ts';

const LINES = [
  '{"n":1,"level":"info","path":"/healthz","http":{"status":200}}',
  '{"n":2,"level":"WARN","path":"/login","http":{"status":404}}',
  '{"n":3,"level":50,"path":"/pay"}',
  '{"n":4,"path":"/none"}',
  '{not json}',
];

/** Which of the lines are kept, from 1. */
function kept(flags: Flags, lines = LINES): number[] {
  const left = processed(lines.map((line) => `${line}\n`).join(''), flags);
  const told = left.map((line) => (JSON.parse(line) as { message?: string }).message ?? line);
  return lines.flatMap((line, index) => (told.includes(line) ? [index + 1] : []));
}

describe('by a pattern', () => {
  test.each<[string, Flags, number[]]>([
    ['excluded by the line', { exclude: ['healthz'] }, [2, 3, 4, 5]],
    ['excluded by one of two', { exclude: ['healthz', 'login'] }, [3, 4, 5]],
    ['included by the line', { include: ['healthz'] }, [1]],
    ['included by one of two', { include: ['healthz', '/pay'] }, [1, 3]],
    ['included and excluded', { include: ['level'], exclude: ['healthz'] }, [2, 3]],
    ['excluded by a field', { parse: 'json', exclude: ['path=~^/(login|pay)$'] }, [1, 4, 5]],
    ['excluded by a number', { parse: 'json', exclude: ['level=~^50$'] }, [1, 2, 4, 5]],
    ['excluded by a field in an object', { parse: 'json', exclude: ['http.status=~^4'] }, [1, 3, 4, 5]],
    ['a field that is not there excludes nothing', { parse: 'json', exclude: ['nope=~.'] }, [1, 2, 3, 4, 5]],
    ['included by a field', { parse: 'json', include: ['path=~login'] }, [2, 5]],
    ['included by a field or the line', { parse: 'json', include: ['path=~login', '"n":3'] }, [2, 3, 5]],
    ['a field that is not there includes nothing', { parse: 'json', include: ['level=~.'] }, [1, 2, 3, 5]],
  ])('%s', (_, flags, expected) => {
    expect(kept({ parse: 'json', ...flags })).toEqual(expected);
  });
});

describe('by level', () => {
  test.each([
    ['all', [1, 2, 3, 4, 5]],
    ['debug', [1, 2, 3, 4, 5]],
    ['info', [1, 2, 3, 4, 5]],
    ['warn', [2, 3, 4, 5]],
    ['error', [3, 4, 5]],
    ['fatal', [4, 5]],
  ])('%s: those whose level is not known stay', (level, expected) => {
    expect(kept({ parse: 'json', 'min-level': level })).toEqual(expected);
  });

  test('lines of no format: by a level in capitals near their beginning', () => {
    const lines = ['12:00 INFO up', '12:01 ERROR down', 'all is well', 'info in small letters'];
    expect(kept({ 'min-level': 'warn' }, lines)).toEqual([2, 3, 4]);
  });
});

test('what is filtered out is counted by the rule', () => {
  const { shaperOf, counts } = pipelineWith({
    parse: 'json',
    ...{ exclude: ['healthz', 'path=~^/pay'], include: ['path=~.'], 'min-level': 'error' },
  });
  const bytes = Buffer.from(LINES.map((line) => `${line}\n`).join(''));
  expect([...shaperOf('x').shape({ kind: 'lines', bytes }, 1e6)]).toHaveLength(1);
  expect(counts.figures()).toEqual({
    ...{ lines: 5, entries: 2, unparsed: { not_json: 1 } },
    filtered: { 'exclude healthz': 1, 'exclude path=~^/pay': 1, min_level: 1 },
  });
});
