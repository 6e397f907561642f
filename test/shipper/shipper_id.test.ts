import { describe, expect, test } from 'vitest';
import { shipperIdOf, type IdParts } from '../../src/shipper/shipper_id.ts';
import { isShipperId } from '../../src/wire/messages.ts';

const PARTS: IdParts = {
  template: '',
  hostname: 'web-1.example',
  pid: 42,
  command: 'send',
  paths: ['/a.log', '/b.log'],
  nonce: 'f00d',
};
const idOf = (parts: Partial<IdParts>): string => shipperIdOf({ ...PARTS, ...parts });

describe('an id as configured', () => {
  test.each([
    ['taken as it is', 'edge-7', 'edge-7'],
    ['the host filled in', '{hostname}-app', 'web-1.example-app'],
    ['the process filled in, twice', '{pid}:{pid}', '42:42'],
    ['cut at 128', 'x'.repeat(200), 'x'.repeat(128)],
  ])('%s', (_, template, expected) => {
    expect(idOf({ template })).toBe(expected);
  });
});

describe('an id made here', () => {
  test('is the same for the same files, and another for others, or in another order', () => {
    const id = idOf({});
    expect(id).toMatch(/^web-1\.example-send-[0-9a-f]{12}$/);
    expect(idOf({ pid: 43, nonce: 'beef' })).toBe(id);
    expect(idOf({ paths: ['/b.log', '/a.log'] })).not.toBe(id);
    expect(idOf({ paths: ['/a.log/b.log'] })).not.toBe(id);
    expect(idOf({ hostname: 'web-2' })).not.toBe(id);
  });

  test.each(['generate', 'pipe'] as const)('of %s is its own at each start', (command) => {
    expect(idOf({ command })).toBe(`web-1.example-${command}-f00d`);
    expect(idOf({ command, nonce: 'beef' })).not.toBe(idOf({ command }));
  });

  test.each(['', '-', '...', 'host name', 'höst', '_x', 'x'.repeat(300), '@plain', '../../etc'])(
    'is one the receiver takes, on a host called %j',
    (hostname) => {
      for (const command of ['send', 'generate', 'pipe'] as const)
        expect(idOf({ hostname, command })).toSatisfy(isShipperId);
      expect(idOf({ hostname, template: '{hostname}' })).toSatisfy(isShipperId);
    },
  );
});
