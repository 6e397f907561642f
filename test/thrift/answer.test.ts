import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeException, encodeReply, framed } from '../../src/thrift/answer.ts';
import { MESSAGE_TYPE } from '../../src/thrift/message.ts';
import { ThriftError } from '../../src/thrift/thrift_error.ts';
import { readAnswers } from '../helpers/thrift_messages.ts';
import { WAYS } from '../helpers/thrift_receivers.ts';

describe.each(WAYS)(
  'the library reads what is answered over $protocol, $transport:',
  ({ protocol, transport }) => {
    const isFramed = transport === 'framed';
    const read = (message: Buffer): unknown => readAnswers(framed(message, isFramed), protocol, isFramed);
    const anyAsked = fc.record({
      protocol: fc.constant(protocol),
      method: fc.stringMatching(/^[a-zA-Z_]{1,30}$/),
      sequenceId: fc.integer({ min: 0 }),
    });

    test('a number, and nothing', () =>
      fc.assert(
        fc.property(anyAsked, fc.integer(), (asked, number) => {
          const { method: name, sequenceId } = asked;
          const answer = { name, type: MESSAGE_TYPE.REPLY, sequenceId };
          expect(read(encodeReply(asked, [{ id: 0, value: number }]))).toEqual([{ ...answer, number }]);
          expect(read(encodeReply(asked, []))).toEqual([answer]);
        }),
      ));

    test('what is wrong, with its type', () =>
      fc.assert(
        fc.property(anyAsked, fc.string({ minLength: 1 }), (asked, text) => {
          const { method: name, sequenceId } = asked;
          expect(read(encodeException(asked, new ThriftError('unknown_method', text)))).toEqual([
            { name, type: MESSAGE_TYPE.EXCEPTION, sequenceId, text, number: 1 },
          ]);
        }),
      ));
  },
);
