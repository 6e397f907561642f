import { expect, test } from 'vitest';
import { parseLogfmt } from '../../../src/shipper/processors/parse_logfmt.ts';

test.each([
  ['a=1', { a: '1' }],
  ['level=info msg="hello world" n=3', { level: 'info', msg: 'hello world', n: '3' }],
  ['a= b=2', { a: '', b: '2' }],
  ['a=""', { a: '' }],
  ['debug a=1', { debug: true, a: '1' }],
  ['  a=1   b=2  ', { a: '1', b: '2' }],
  ['url=/a?b=c&d=e', { url: '/a?b=c&d=e' }],
  ['m="say \\"hi\\"\\n"', { m: 'say "hi"\n' }],
  ['m="back\\\\slash"', { m: 'back\\slash' }],
  ['ä=ö', { ä: 'ö' }],
  ['a=1 a=2', { a: '2' }],
  ['just words', undefined],
  ['', undefined],
  ['a="unclosed', undefined],
  ['a="x"y', undefined],
  ['=1', undefined],
  ['a=1 "b"', undefined],
  ['a=b"c', undefined],
])('%j is %j', (line, fields) => {
  const parsed = parseLogfmt(line);
  expect(parsed === undefined ? undefined : Object.fromEntries(parsed)).toEqual(fields);
});

test.each([
  ['a quote that is never closed', `a="${'x'.repeat(200_000)}`],
  ['escapes that are never closed', `a="${'\\x'.repeat(100_000)}`],
  ['one long word', 'x'.repeat(200_000)],
  ['a long name behind a quote', `a="b" ${'x'.repeat(200_000)}"`],
])('%s takes no time', (_, line) => {
  const before = process.cpuUsage();
  expect(parseLogfmt(line)).toBeUndefined();
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
});
