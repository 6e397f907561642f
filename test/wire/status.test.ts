import { describe, expect, test } from 'vitest';
import { decodeOpen } from '../../src/wire/messages.ts';
import { MAX_PING_BYTES, decodePing, encodePing } from '../../src/wire/status.ts';
import { goldenFrame } from './golden.ts';

describe('what a shipper says of itself', () => {
  const status = { version: '0.1.0-beta.1+x', level: 22, backlog: 0 };
  const saidIn = (said: unknown) =>
    decodeOpen(Buffer.from(JSON.stringify({ shipperId: 'a', status: said }))).status;

  test('comes with OPEN, and in a PING no longer than one may be', () => {
    expect(saidIn(status)).toEqual(status);
    const frame = encodePing({ version: '10.20.30', level: 19, backlog: 2 ** 40 });
    expect(frame.length - 5).toBeLessThanOrEqual(MAX_PING_BYTES);
    expect(decodePing(frame.subarray(5))).toEqual({
      version: '10.20.30',
      level: 19,
      backlog: 2 ** 40,
    });
    expect(encodePing()).toEqual(goldenFrame('PING').bytes);
  });

  test.each([
    [{ version: 'a b' }],
    [{ version: '<b>' }],
    [{ version: 'x'.repeat(33) }],
    [{ level: 23 }],
    [{ level: 1.5 }],
    [{ backlog: -1 }],
    [{ backlog: '7' }],
    [null],
    ['text'],
    [[]],
  ])('%j is left out where it is no use, and nothing else hangs on it', (said) => {
    expect(saidIn(said)).toEqual({});
  });

  test.each(['', 'here?', '{', '{"level":6', '[6]', `{"version":"${'x'.repeat(64)}"}`])(
    'a PING that holds %j says nothing',
    (payload) => {
      expect(decodePing(Buffer.from(payload))).toEqual({});
    },
  );
});
