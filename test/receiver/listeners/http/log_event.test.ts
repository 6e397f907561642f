import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOG_EVENT_SCHEMA } from '../../../../src/receiver/listeners/http/log_event.ts';
import { readLogEvents } from '../../../../src/receiver/listeners/http/log_events.ts';

const isValid = new Ajv2020({ strict: false }).compile(LOG_EVENT_SCHEMA);

const LIMITS = { maxEntryBytes: 1_000_000, maxDepth: 64, maxEvents: 1_000_000 };

/** The entries of a body, as texts; what it throws where it is refused. */
function read(body: string, isNdjson = false): { userId: string; day: number; line: string }[] {
  const bytes = Buffer.from(`${body} `);
  return readLogEvents({ bytes, isNdjson }, LIMITS).map((entry) => ({
    ...entry,
    line: entry.line.toString('utf8'),
  }));
}

const isTaken = (body: string): boolean => {
  try {
    read(body);
    return true;
  } catch {
    return false;
  }
};

/** Values that are nearly right. */
const userIds = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'ada', '../..', 'x'.repeat(16_385)),
  fc.jsonValue(),
);
const timestamps = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 1.5, 1e11, 253_402_300_799, 253_402_300_800, 1e300),
  fc.jsonValue(),
);
const events = fc.record(
  {
    user_id: userIds,
    event: fc.oneof(fc.string(), fc.jsonValue()),
    timestamp: timestamps,
    more: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

test('what the schema takes is taken, and nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(events, fc.jsonValue()), fc.boolean(), (event, isSpaced) => {
      const text = JSON.stringify(event, undefined, isSpaced ? 2 : undefined);
      const parsed = JSON.parse(text) as unknown;
      if (Array.isArray(parsed)) return;
      // JSON Schema counts characters; a half surrogate pair is text to it.
      const isWhole = text.isWellFormed() && !/\\ud[89a-f]/i.test(text);
      if (isWhole) expect(isTaken(text)).toBe(isValid(parsed));
    }),
    { numRuns: 2000 },
  );
});

const valid = fc.record({
  user_id: fc.string({ minLength: 1, unit: 'grapheme' }),
  event: fc.string({ unit: 'grapheme' }),
  timestamp: fc.integer({ min: 0, max: 4_000_000_000 }),
  more: fc.jsonValue({ maxDepth: 4 }),
});

test('many events come out one by one as they were sent, however they are put together', () => {
  fc.assert(
    fc.property(
      fc.array(valid, { maxLength: 20 }),
      fc.constantFrom('', ' ', '\n\t ', '\r\n'),
      (list, space) => {
        const texts = list.map((event) => JSON.stringify(event));
        const expected = list.map(({ user_id: userId, timestamp }, n) => ({
          userId,
          day: Math.floor(timestamp / 86_400),
          line: `${texts[n] ?? ''}\n`,
        }));
        expect(read(`${space}[${space}${texts.join(`${space},${space}`)}${space}]${space}`)).toEqual(
          expected,
        );
        expect(read(texts.map((text) => `${text}\n${space}\n`).join(''), true)).toEqual(expected);
      },
    ),
  );
});

test('an event over many lines becomes one line that says the same', () => {
  fc.assert(
    fc.property(valid, (event) => {
      const [entry, ...others] = read(JSON.stringify(event, undefined, 2));
      expect(others).toEqual([]);
      expect(entry?.line.indexOf('\n')).toBe((entry?.line.length ?? 0) - 1);
      expect(JSON.parse(entry?.line ?? '')).toEqual(JSON.parse(JSON.stringify(event)));
    }),
  );
});

test('any bytes at all are taken or refused, and neither hang nor throw anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isNdjson) => {
      try {
        readLogEvents({ bytes: Buffer.concat([bytes, Buffer.alloc(1)]), isNdjson }, LIMITS);
      } catch (error) {
        expect((error as Error).name).toBe('HttpProblem');
      }
    }),
    { numRuns: 2000 },
  );
});
