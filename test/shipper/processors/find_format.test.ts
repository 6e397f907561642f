import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { formatOf, linesIn } from '../../../src/shipper/processors/find_format.ts';
import { pipelineWith, processed } from '../../helpers/processing.ts';

test.each([
  ['json', ['{"a":1}', '{"b":2}']],
  ['json', ['{"a":1}', 'starting', '{"b":2}']],
  ['none', ['{"a":1}', 'starting']],
  ['none', ['{a:1}']],
  ['combined', ['h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1 "-" "-"']],
  ['common', ['h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1']],
  ['syslog', ['Jan  2 03:04:05 h p: x', 'Jan  2 03:04:06 h p: y']],
  ['csv', ['time,level,message', '1,info,a', '2,warn,"b,c"']],
  ['none', ['time,level,message']],
  ['none', ['Hello, world', 'Dear reader, this is text']],
  ['logfmt', ['level=info msg="a b"', 'level=warn msg=x']],
  ['none', ['the setting a=1 was changed by someone']],
  ['none', ['text', 'more text']],
  ['none', []],
])('%s: %j', (format, lines) => {
  expect(formatOf(lines, ',')).toBe(format);
});

test.each([
  ['access.log', 'combined'],
  ['syslog.log', 'syslog'],
])('the sample %s is %s', async (name, format) => {
  const sample = await readFile(new URL(`../../samples/${name}`, import.meta.url), 'utf8');
  expect(formatOf(linesIn(sample), ',')).toBe(format);
});

test('the first ten lines that are not blank decide; one that is cut off is left out', () => {
  const numbered = Array.from({ length: 12 }, (_, index) => `${index}`);
  expect(linesIn(`\n  \n${numbered.join('\r\n')}\n`)).toEqual(numbered.slice(0, 10));
  expect(linesIn('one\ntw')).toEqual(['one']);
  expect(linesIn('on')).toEqual(['on']);
});

test('what was found is kept: a line that does not fit is counted', () => {
  const { shaperOf, counts } = pipelineWith({ parse: 'auto' });
  const shaper = shaperOf('file');
  const shape = (text: string) => [...shaper.shape({ kind: 'lines', bytes: Buffer.from(text) }, 1e6)];
  shape('{"a":1}\n');
  shape('level=info a=1\nlevel=info a=2\n');
  expect(counts.figures()).toEqual({ lines: 3, entries: 3, unparsed: { not_json: 2 } });
});

test('each file has its own', () => {
  const { shaperOf, counts } = pipelineWith({ parse: 'auto' });
  for (const text of ['{"a":1}\n', 'level=info a=1\n', 'words\n'])
    expect([...shaperOf(text).shape({ kind: 'lines', bytes: Buffer.from(text) }, 1e6)]).toHaveLength(1);
  expect(counts.figures()).toEqual({ lines: 3, entries: 3 });
});

test('the head of a file decides where a run goes on in its middle', () => {
  expect(processed('x y\n', { parse: 'auto' }, { headOf: () => '{"a":1}\n' })).toEqual([
    '{"message":"x y","_error":"not_json"}',
  ]);
});
