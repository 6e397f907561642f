import { describe, expect, test } from 'vitest';
import { entriesFrom, pipelineWith, processed } from '../../helpers/processing.ts';

const tagsOf = (line: string, tag: string[]): unknown =>
  (entriesFrom(`${line}\n`, { tag }) as { tags?: unknown }[])[0]?.tags;

describe('the built-in rules', () => {
  test.each([
    ['user 17 logged in', ['auth']],
    ['login failed for bob', ['auth']],
    ['Sign-up complete', ['auth']],
    ['401 Unauthorized', ['auth']],
    ['session expired', ['auth']],
    ['authentication took 3 ms', ['auth']],
    ['the author wrote', undefined],
    ['blogging', undefined],
    ['payment approved', ['payment']],
    ['invoice 17 was refunded', ['payment']],
    ['card declined', ['payment']],
    ['GET /orders HTTP/1.1', ['api']],
    ['POST /api/checkout', ['payment', 'api']],
    ['request served', ['api']],
    ['capital', undefined],
    ['disk full', undefined],
  ])('%j is tagged %j', (line, tags) => {
    expect(tagsOf(line, ['auth,payment,api'])).toEqual(tags);
  });
});

describe('rules of the user', () => {
  test.each([
    ['a pattern in the line', 'x slow y', ['slow=slow|late'], ['slow']],
    ['a pattern with = in it', 'a=b', ['ab=a=b'], ['ab']],
    ['a pattern in a field', '{"path":"/login"}', ['in=path=~^/login$'], ['in']],
    ['a field that is not there', '{"x":"/login"}', ['in=path=~^/login$'], undefined],
    ['two with one tag give it once', 'a b', ['x=a', 'x=b'], ['x']],
    ['several, in their order', 'a b', ['y=b', 'x=a'], ['y', 'x']],
  ])('%s', (_, line, rules, tags) => {
    expect(tagsOf(line, rules)).toEqual(tags);
  });
});

describe('tags are added', () => {
  test.each([
    ['to an object, whose bytes stay', '{"a" : 1.0 }', '{"a" : 1.0 ,"tags":["t"]}'],
    ['to an empty object', '{}', '{"tags":["t"]}'],
    ['to tags that are there', '{"tags":["u"],"a":1}', '{"a":1,"tags":["u","t"]}'],
    ['once', '{"tags":["t"]}', '{"tags":["t"]}'],
    ['to tags that are empty', '{"tags":[ ]}', '{"tags":["t"]}'],
    ['to tags that are a text', '{"tags":"u"}', '{"tags":["u","t"]}'],
    ['to tags by another spelling', '{"t\\u0061gs":["u"]}', '{"tags":["u","t"]}'],
    ['to a line of text', 'x', '{"message":"x","tags":["t"]}'],
    ['to numbers of any length', '{"n":12345678901234567890}', '{"n":12345678901234567890,"tags":["t"]}'],
    ['to a line with CRLF', '{"a":1}\r', '{"a":1,"tags":["t"]}'],
    ['to what only looks like JSON', '{a}', '{"message":"{a}","_error":"not_json","tags":["t"]}'],
  ])('%s', (_, line, entry) => {
    expect(processed(`${line}\n`, { tag: ['t=.'] })).toEqual([entry]);
  });
});

test('entries are counted by tag', () => {
  const { shaperOf, counts } = pipelineWith({ tag: ['a=a', 'b=b'] });
  expect([...shaperOf('x').shape({ kind: 'lines', bytes: Buffer.from('a\nab\nc\n') }, 1e6)]).toHaveLength(1);
  expect(counts.figures()).toEqual({ lines: 3, entries: 3, tagged: { a: 2, b: 1 } });
});
