import fc from 'fast-check';
import { TBinaryProtocol, TFramedTransport, Thrift } from 'thrift';
import { expect, test } from 'vitest';
import { bigIntOf } from '../../../src/events/service/event_codec.ts';
import { encodePage, type EventPage } from '../../../src/events/service/page_message.ts';
import { Client } from '../../../src/thrift/generated/EventService.js';
import type { Page } from '../../../src/thrift/generated/event_service_types.js';

const position = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: 'binary', maxLength: 20 });

const event = fc.record(
  {
    position,
    id: text,
    type: text,
    timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    payload: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    stream: text,
    version: position,
  },
  { requiredKeys: ['position', 'id', 'type', 'timestamp', 'payload'] },
);

const page = fc.record({
  events: fc.array(event, { maxLength: 5 }),
  readAfter: position,
  hasMore: fc.boolean(),
});

/** What a client of the generated code reads. */
async function readBy(message: Buffer): Promise<Page> {
  const client = new Client(new TFramedTransport(), TBinaryProtocol) as unknown as {
    readonly _reqs: Record<number, (error: Error | null, page: Page) => void>;
    readonly recv_read: (input: TBinaryProtocol, type: Thrift.MessageType, id: number) => void;
  };
  const input = new TBinaryProtocol(new TFramedTransport(message));
  const { fname, mtype, rseqid } = input.readMessageBegin();
  expect([fname, mtype]).toEqual(['read', Thrift.MessageType.REPLY]);
  return new Promise((resolve, reject) => {
    client._reqs[rseqid] = (error, read) => (error === null ? resolve(read) : reject(error));
    client.recv_read(input, mtype, rseqid);
  });
}

const pageOf = ({ events, readAfter, hasMore }: Page): EventPage => ({
  readAfter: Number(readAfter),
  hasMore,
  events: events.map(({ position: at, event: { id, type, timestamp, payload }, stream, version }) => ({
    position: Number(at),
    id,
    type,
    timestamp: bigIntOf(timestamp),
    payload,
    ...(typeof stream === 'string' ? { stream, version: Number(version) } : {}),
  })),
});

test('the library reads what is written by hand, to its last byte', async () => {
  await fc.assert(
    fc.asyncProperty(page, fc.integer(), async (written, sequenceId) => {
      const message = encodePage(written, { method: 'read', sequenceId });
      const events = written.events.map(({ stream, version, ...rest }) =>
        stream === undefined ? rest : { ...rest, stream, version: version ?? 0 },
      );
      expect(pageOf(await readBy(message))).toEqual({ ...written, events });
      await expect(async () => readBy(message.subarray(0, -1))).rejects.toThrow();
    }),
  );
});
