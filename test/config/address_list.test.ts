import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressList, parseAddressList } from '../../src/config/address_list.ts';

describe('a list is read', () => {
  test.each([
    ['one name', 'logs.example.org', [{ host: 'logs.example.org' }]],
    ['one with a port', 'a:5000', [{ host: 'a', port: 5000 }]],
    ['several', 'a:5000,b', [{ host: 'a', port: 5000 }, { host: 'b' }]],
    [
      'blanks around commas',
      ' a:1 , b:65535 ',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 65535 },
      ],
    ],
    ['IPv4', '10.0.0.1:5000', [{ host: '10.0.0.1', port: 5000 }]],
    ['a bare IPv6 address', '::1', [{ host: '::1' }]],
    ['a bare IPv6 address that looks as if it had a port', '::1:5000', [{ host: '::1:5000' }]],
    ['IPv6 in brackets', '[::1]', [{ host: '::1' }]],
    ['IPv6 with a port', '[2001:db8::1]:5000,::1', [{ host: '2001:db8::1', port: 5000 }, { host: '::1' }]],
    ['one twice', 'a,a', [{ host: 'a' }, { host: 'a' }]],
  ])('%s', (_, text, hosts) => {
    expect(parseAddressList(text)).toEqual(hosts);
    expect(addressList.parse(text)).toBe(text);
  });
});

describe('a list is refused, and what is wrong with it is said', () => {
  test.each([
    ['one is empty', ['', ',', 'a,', ',a', 'a,,b', 'a, ,b']],
    ['expected a port from 1 to 65535', ['a:', 'a:0', 'a:65536', 'a:-1', 'a:5e3', 'a: 1', 'a:0x10']],
    ['expected a port from 1 to 65535', ['[::1]:', '[::1]:99999', 'a:123456', 'a:５０００']],
    ['in brackets is no IPv6 address', ['[a]:5000', '[127.0.0.1]', '[]', '[:]:1', '[::1::2]']],
    [
      'is neither',
      ['a b', 'a/b', 'tcp://a:1', '[::1', '::1]', '[::1]5000', 'ä', 'a;b', 'u@a', '\0', '[[::1]]'],
    ],
    ['is neither', ['a:b:c', '1:2:3:4:5:6:7:8:9', '::1:99999', 'a:1:2']],
  ])('%s', (problem, texts) => {
    for (const text of texts) expect(() => parseAddressList(text), JSON.stringify(text)).toThrow(problem);
  });
});

test('whatever is taken names hosts without separators, and ports that there are', () => {
  const characters = fc.constantFrom(...'ab1:.,[] 0-'.split(''));
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 20 }), (text) => {
      for (const { host, port = 1 } of hostsOrNone(text)) {
        expect(host).toMatch(/^[A-Za-z0-9._:-]+$/);
        expect(port).toBeGreaterThan(0);
        expect(port).toBeLessThan(65536);
      }
    }),
  );
});

function hostsOrNone(text: string): ReturnType<typeof parseAddressList> {
  try {
    return parseAddressList(text);
  } catch {
    return [];
  }
}
