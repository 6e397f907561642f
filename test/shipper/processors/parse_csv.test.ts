import { describe, expect, test } from 'vitest';
import { cellsOf, isHeader } from '../../../src/shipper/processors/parse_csv.ts';
import { pipelineWith, processed, entriesFrom } from '../../helpers/processing.ts';

test.each([
  ['a,b,c', ['a', 'b', 'c']],
  ['', ['']],
  [',', ['', '']],
  ['a,,c', ['a', '', 'c']],
  ['"a","b"', ['a', 'b']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""hi""",2', ['say "hi"', '2']],
  ['"",2', ['', '2']],
  ['"""",2', ['"', '2']],
  ['a,"b"', ['a', 'b']],
  [' a , b ', [' a ', ' b ']],
  ['ä,😀', ['ä', '😀']],
  ['"a', undefined],
  ['"a"b,c', undefined],
  ['a"b,c', undefined],
  ['"a""', undefined],
  ['"', undefined],
])('the cells of %j are %j', (line, cells) => {
  expect(cellsOf(line, ',')).toEqual(cells);
});

test('another separator', () => {
  expect(cellsOf('a\tb,c', '\t')).toEqual(['a', 'b,c']);
});

test.each([
  [['time', 'level', 'message'], true],
  [['time'], false],
  [['time', 'time'], false],
  [['1', '2'], false],
  [['a', ''], false],
])('%j as a header: %s', (cells, expected) => {
  expect(isHeader(cells)).toBe(expected);
});

describe('the columns', () => {
  test('are named by the first line, which is no entry', () => {
    expect(processed('n,name\n1,ann\n2,"bo, b"\n', { parse: 'csv' })).toEqual([
      '{"n":"1","name":"ann"}',
      '{"n":"2","name":"bo, b"}',
    ]);
  });

  test('are named by the head of the file, where a run goes on in its middle', () => {
    expect(processed('2,bob\n', { parse: 'csv' }, { headOf: () => 'n,name\n1,ann\n' })).toEqual([
      '{"n":"2","name":"bob"}',
    ]);
  });

  test('may be given; then the first line is an entry', () => {
    expect(entriesFrom('1,ann\n', { parse: 'csv', 'parse-columns': ['n,name'] })).toEqual([
      { n: '1', name: 'ann' },
    ]);
  });

  test('may have any names', () => {
    expect(processed('__proto__,constructor\n1,2\n', { parse: 'csv' })).toEqual([
      '{"__proto__":"1","constructor":"2"}',
    ]);
  });

  test('with another separator', () => {
    expect(entriesFrom('n\tname\n1\ta,b\n', { parse: 'csv', 'parse-separator': 'tab' })).toEqual([
      { n: '1', name: 'a,b' },
    ]);
  });
});

test('a header is counted, wherever it comes again; lines with other columns do not parse', () => {
  const { shaperOf, counts } = pipelineWith({ parse: 'csv' });
  const bytes = Buffer.from('n,name\n1,ann\n1,2,3\nn,name\n"x\n5\n');
  expect([...shaperOf('x').shape({ kind: 'lines', bytes }, 1e6)].map(({ lines }) => lines.count)).toEqual([
    4,
  ]);
  expect(counts.figures()).toEqual({ lines: 6, entries: 4, headers: 2, unparsed: { not_csv: 3 } });
});
