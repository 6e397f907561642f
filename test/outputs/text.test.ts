import { expect, test } from 'vitest';
import { textTemplate } from '../../src/outputs/text.ts';
import { OUTPUT_OPTIONS } from '../../src/config/options/outputs.ts';
import { rowsFrom } from '../helpers/rows.ts';

const ENTRY = {
  time: '2026-01-01T00:00:00.000Z',
  level: 'warn',
  service: 'api',
  host: 'h1',
  message: 'slow',
  tags: ['db', 'slow'],
  user: { id: 7, 'full name': 'Ü' },
};

test.each([
  [OUTPUT_OPTIONS.TEXT_TEMPLATE.default, '2026-01-01T00:00:00.000Z WARN api h1 slow db,slow'],
  ['plain', 'plain'],
  ['{message}', 'slow'],
  ['[{level}]{service}', '[WARN]api'],
  ['{.user.id} {.user.full name} {.user} {.nobody} {.user.toString}', '7 Ü {"id":7,"full name":"Ü"} - -'],
  ['{shipper}', 'web-1'],
  ['{rest}', '{"user":{"id":7,"full name":"Ü"}}'],
  ['{entry}', JSON.stringify(ENTRY)],
])('%s gives %s', (template, line) => {
  expect(OUTPUT_OPTIONS.TEXT_TEMPLATE.kind.parse(template)).toBe(template);
  expect(textTemplate(template)(rowsFrom([ENTRY]))).toBe(`${line}\n`);
});

test('what an entry does not say is a dash', () => {
  expect(textTemplate('{time} {level} {service} {host} {message} {tags}')(rowsFrom([{}]))).toBe(
    '2026-01-31T12:00:00.000Z - - - - -\n',
  );
});

test('an entry stays one line, and says nothing to a terminal', () => {
  const message = 'a\nb\r\u001b[31mred\u0000\u009b1m\u2028\u007f\tü';
  expect(textTemplate('{message}')(rowsFrom([{ message }]))).toBe(
    'a\\nb\\r\\u001b[31mred\\u0000\\u009b1m\\u2028\\u007f\tü\n',
  );
});

test.each(['{nobody}', '{', '}', '{message', '{}', '{.}', '{toString}'])('%s is no template', (template) => {
  expect(() => OUTPUT_OPTIONS.TEXT_TEMPLATE.kind.parse(template)).toThrow('expected text');
});

test('a name that is not known is said', () => {
  expect(() => textTemplate('{nobody}')).toThrow('{nobody}');
});
