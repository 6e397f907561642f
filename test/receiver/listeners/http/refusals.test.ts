import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT, httpReceiver, type HttpReceiver } from '../../../helpers/http_receivers.ts';
import { archivedLines } from '../../../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';

let folder: TemporaryFolder;
let http: HttpReceiver;
beforeAll(async () => {
  folder = await temporaryFolder();
  http = await httpReceiver(folder);
});
afterAll(async () => {
  await http[Symbol.asyncDispose]();
  // Whatever was wrong, nothing of it was kept.
  expect(await archivedLines(folder.in('data'), '@http')).toEqual([]);
  await folder[Symbol.asyncDispose]();
});

const text = (event: object): string => JSON.stringify({ ...EVENT, ...event });
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('400 says what is wrong, and where, of', () => {
  test.each<[string, string | Buffer, object]>([
    ['an empty body', '', { error: 'not_json' }],
    ['no JSON', 'hello', { error: 'not_json' }],
    ['JSON that is cut', '{"user_id":"a"', { error: 'not_json' }],
    ['more than one event', `${text({})} ${text({})}`, { error: 'not_json' }],
    ['a comma too many', '{"user_id":"a","event":"b","timestamp":1,}', { error: 'not_json' }],
    ['a text', '"hello"', { error: 'not_an_event' }],
    ['null', 'null', { error: 'not_an_event' }],
    ['no user_id', '{"event":"b","timestamp":1}', { error: 'missing_field', field: 'user_id' }],
    ['no event', '{"user_id":"a","timestamp":1}', { error: 'missing_field', field: 'event' }],
    ['no timestamp', '{"user_id":"a","event":"b"}', { error: 'missing_field', field: 'timestamp' }],
    ['nothing at all', '{}', { error: 'missing_field', field: 'user_id' }],
    ['a number as user_id', text({ user_id: 7 }), { error: 'wrong_type', field: 'user_id' }],
    ['null as user_id', text({ user_id: null }), { error: 'wrong_type', field: 'user_id' }],
    ['an empty user_id', text({ user_id: '' }), { error: 'bad_user_id', field: 'user_id' }],
    ['a user_id too long', text({ user_id: 'x'.repeat(16_385) }), { error: 'bad_user_id', field: 'user_id' }],
    ['half a surrogate pair', '{"user_id":"\\ud800","event":"b","timestamp":1}', { error: 'bad_user_id' }],
    ['an object as event', text({ event: {} }), { error: 'wrong_type', field: 'event' }],
    ['a text as timestamp', text({ timestamp: '12' }), { error: 'wrong_type', field: 'timestamp' }],
    ['a part of a second', text({ timestamp: 1.5 }), { error: 'wrong_type', field: 'timestamp' }],
    ['true as timestamp', text({ timestamp: true }), { error: 'wrong_type', field: 'timestamp' }],
    ['a time before 1970', text({ timestamp: -1 }), { error: 'impossible_timestamp', field: 'timestamp' }],
    ['a time after the year 9999', text({ timestamp: 253_402_300_800 }), { error: 'impossible_timestamp' }],
    ['milliseconds', text({ timestamp: 1_700_000_000_000 }), { error: 'impossible_timestamp' }],
    ['1e400', '{"user_id":"a","event":"b","timestamp":1e400}', { error: 'wrong_type', field: 'timestamp' }],
    ['user_id twice', '{"user_id":"a","user_id":"b","event":"c","timestamp":1}', { error: 'repeated_field' }],
    [
      'timestamp twice, once in disguise',
      '{"user_id":"a","event":"c","timestamp":1,"\\u0074imestamp":2}',
      { error: 'repeated_field' },
    ],
    [
      'no UTF-8',
      Buffer.from('{"user_id":"\xff","event":"b","timestamp":1}', 'latin1'),
      { error: 'not_utf8' },
    ],
    ['UTF-16', Buffer.from(text({}), 'utf16le'), { error: 'not_json' }],
    ['a raw newline in a text', '{"user_id":"a\nb","event":"b","timestamp":1}', { error: 'not_json' }],
    ['depth', `{"user_id":"a","event":"b","timestamp":1,"x":${nested(16)}}`, { error: 'too_deep' }],
    ['endless depth', '['.repeat(60_000), { error: 'too_deep', line: 1 }],
    ['an array with a number in it', `[${text({})},7]`, { error: 'not_an_event', line: 2 }],
    [
      'an array whose third is wrong',
      `[${text({})},${text({})},${text({ timestamp: -5 })},7]`,
      { error: 'impossible_timestamp', line: 3 },
    ],
    ['an array that does not end', `[${text({})},`, { error: 'not_json' }],
  ])('%s', async (_, body, problem) => {
    const { status, body: said } = await http.post(body);
    expect(said).toMatchObject({ ...problem, reason: expect.any(String) as string });
    expect(status).toBe(400);
  });

  test.each([
    ['a line that is no JSON', `${text({})}\n\nhello\n`, { error: 'not_json', line: 3 }],
    [
      'an event over two lines',
      `${text({})}\n{"user_id":"a",\n"event":"b","timestamp":1}\n`,
      { error: 'not_json', line: 2 },
    ],
    ['an array in a line', `[${text({})}]\n`, { error: 'not_an_event', line: 1 }],
    ['two events in a line', `${text({})}${text({})}\n`, { error: 'not_json', line: 1 }],
  ])('NDJSON with %s', async (_, body, problem) => {
    const { status, body: said } = await http.post(body, { 'content-type': 'application/x-ndjson' });
    expect(said).toMatchObject(problem);
    expect(status).toBe(400);
  });

  test('a packed body that is none', async () => {
    const { status, body } = await http.post(text({}), { 'content-encoding': 'gzip' });
    expect(body).toMatchObject({ error: 'does_not_inflate' });
    expect(status).toBe(400);
  });
});

describe('413 says', () => {
  test.each([
    ['a body too long', `[${Array(1300).fill(text({})).join(',')}]`, {}, 'too_large'],
    ['a body far too long', 'x'.repeat(1_000_000), {}, 'too_large'],
    ['a bomb', gzipSync(Buffer.alloc(50_000_000, 0x20)), { 'content-encoding': 'gzip' }, 'too_large'],
    ['an event too long', text({ more: 'x'.repeat(17_000) }), {}, 'too_large'],
    [
      'too many events',
      `[${Array(1001).fill('{"user_id":"a","event":"b","timestamp":1}').join(',')}]`,
      {},
      'too_many_events',
    ],
  ])('%s', async (_, body, headers, error) => {
    const { status, body: said } = await http.post(body, headers);
    expect(said).toMatchObject({ error });
    expect(status).toBe(413);
  });
});

test.each([
  ['text', { 'content-type': 'text/plain' }, 'unsupported_type'],
  ['what curl sends by itself', { 'content-type': 'application/x-www-form-urlencoded' }, 'unsupported_type'],
  ['no type that could be one', { 'content-type': 'json' }, 'unsupported_type'],
  ['brotli', { 'content-encoding': 'br' }, 'unsupported_encoding'],
])('415: %s', async (_, headers, error) => {
  const { status, body } = await http.post(text({}), headers);
  expect(body).toMatchObject({ error });
  expect(status).toBe(415);
});

test.each([
  ['GET', '/log', 405],
  ['DELETE', '/users/ada/logs', 405],
  ['GET', '/nothing', 404],
  ['POST', '/', 404],
])('%s %s is answered with %i', async (method, path, status) => {
  const answer = await fetch(http.url + path, { method });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: status === 405 ? 'wrong_method' : 'not_found' });
});
