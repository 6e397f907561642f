import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSample } from '../../../src/shipper/processors/check.ts';
import { rulesOf, type Flags } from '../../helpers/processing.ts';

async function check(sample: Buffer | string, flags: Flags, maxLineBytes = 1e6): Promise<string[]> {
  async function* input(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from(sample));
  }
  const options = { rules: rulesOf(flags), sampleName: 'sample', maxLineBytes, headOf: () => '' };
  return Array.fromAsync(checkSample(input(), options));
}

test('each line is told with what becomes of it and why', async () => {
  const sample = 'n=1 user=ann\nn=2 debug\n\nwords\n  more words\nn=3 user=bob\n';
  const flags = { parse: 'logfmt', exclude: ['debug'], tag: ['ann=user=~ann'], 'multiline-indent': 'true' };
  expect(await check(sample, flags)).toEqual([
    '1: kept, tagged ann',
    '    {"n":"1","user":"ann","tags":["ann"]}',
    '2-3: DROPPED by exclude debug: n=2 debug',
    '4-5: kept, DID NOT PARSE (not_logfmt)',
    '    {"message":"words\\n  more words","_error":"not_logfmt"}',
    '6: kept',
    '    {"n":"3","user":"bob"}',
    '',
    '6 lines: 3 entries, 1 filtered out, 2 joined to the entry before, 0 blank, 0 header',
    '  filtered out by exclude debug: 1',
    '  did not parse not_logfmt: 1',
    '  tagged ann: 1',
  ]);
});

test('lines that go through as they are, a header, and pieces of a line that is too long', async () => {
  expect(await check('a,b\n1,2\n', { parse: 'csv' })).toContain('1: header: a,b');
  const lines = await check(`x\n${'y'.repeat(600)}\nz\n`, {}, 256);
  expect(lines.filter((line) => /^\d/.test(line)).map((line) => line.slice(0, 30))).toEqual([
    '1: kept',
    '2: a piece of a line that is t',
    '2: a piece of a line that is t',
    '2: a piece of a line that is t',
    '3: kept',
    '2 lines: 2 entries, 0 filtered',
  ]);
  expect(lines[0]).toBe('no processor is configured: lines are shipped as they are');
});

test('nothing in a sample steers the terminal', async () => {
  const hostile = '\u001b[31mred\u0007\u009b0m\u202eleft\r\u0000 {"a":"\u001b]0;x\u0007"}';
  const lines = await check(`${hostile}\n{"a":"\u0085\u2028"}\n`, { exclude: ['red'] });
  for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  expect(lines[0]).toContain('\\u001b[31mred\\u0007\\u009b0m\\u202eleft');
});

test('a sample of a web server', async () => {
  const sample = await readFile(new URL('../../samples/access.log', import.meta.url));
  const lines = await check(sample, {
    parse: 'auto',
    exclude: ['path=~^/healthz'],
    tag: ['auth,payment,api'],
  });
  expect(lines.slice(-6)).toEqual([
    '13 lines: 11 entries, 2 filtered out, 0 joined to the entry before, 0 blank, 0 header',
    '  filtered out by exclude path=~^/healthz: 2',
    '  did not parse not_combined: 3',
    '  tagged api: 9',
    '  tagged auth: 1',
    '  tagged payment: 1',
  ]);
});

test('any bytes are told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      for (const parse of ['none', 'auto', 'csv', 'syslog'])
        for (const line of await check(Buffer.from(bytes), { parse, redact: ['email,card,token'] }, 100))
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 200 },
  );
});
