import { expect, test } from 'vitest';
import { WireError } from '../../src/wire/wire_error.ts';

test('a WireError tells what, why and from what it came', () => {
  const cause = new Error('bits');
  const error = new WireError('does_not_inflate', 'a payload does not inflate', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'WireError',
    code: 'does_not_inflate',
    message: 'a payload does not inflate',
    cause,
  });
});
