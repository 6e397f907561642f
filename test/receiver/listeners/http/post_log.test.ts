import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { EVENT, httpReceiver } from '../../../helpers/http_receivers.ts';
import { archivedLines, verdictOn } from '../../../helpers/receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';

test('an event is in the archive when its 200 comes, as it was sent, on one line', async () => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder);
  const sent =
    '{ "user_id":"ada",\r\n  "event":"login", "timestamp":1700000000, "big":12345678901234567890, "one":1.0 }\n';
  const { status, body } = await http.post(sent);
  expect(status).toBe(200);
  expect(body).toEqual({ status: 'ok', accepted: 1 });
  expect(await archivedLines(folder.in('data'), '@http')).toEqual([sent.trim().replace('\r\n', '  ')]);
});

test('an array, NDJSON and packed bodies are taken too, in order', async () => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder);
  const lines = Array.from({ length: 50 }, (_, n) => JSON.stringify({ ...EVENT, n }));
  const ndjson = { 'content-type': 'application/x-ndjson' };
  expect((await http.post(`[ ${lines.slice(0, 20).join(' , ')} ]`)).body).toMatchObject({ accepted: 20 });
  expect((await http.post(`${lines.slice(20, 30).join('\r\n')}\r\n\n`, ndjson)).body).toMatchObject({
    accepted: 10,
  });
  expect((await http.post(lines.slice(30, 40).join('\n'), ndjson)).body).toMatchObject({ accepted: 10 });
  const packed = gzipSync(`[${lines.slice(40).join(',')}]`);
  expect((await http.post(packed, { 'content-encoding': 'gzip' })).body).toMatchObject({ accepted: 10 });
  expect((await http.post('[]')).body).toMatchObject({ accepted: 0 });
  expect(await archivedLines(folder.in('data'), '@http')).toEqual(lines);
  await http.receiver[Symbol.asyncDispose]();
  expect(await verdictOn(folder.in('data'))).toMatchObject({ code: 0 });
  expect(http.receiver.ledger).toMatchObject({ received: 50, stored: 50, inHand: 0 });
});
