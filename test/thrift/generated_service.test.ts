import { expect, test } from 'vitest';
import { generatedService } from '../../src/thrift/generated_service.ts';
import { Processor } from '../../src/thrift/generated/LogferryAccess.js';
import type { ProtocolName } from '../../src/thrift/message.ts';
import { MessageReader } from '../../src/thrift/message_reader.ts';
import { TYPE } from '../../src/thrift/value_type.ts';
import { callMessage } from '../helpers/thrift_messages.ts';
import { PROTOCOLS } from '../helpers/thrift_peers.ts';

const LIMITS = { maxMessageBytes: 4096, maxStringBytes: 4096, maxElements: 10, maxDepth: 8 };

/** What the handler is given for a text of these bytes. */
async function given(protocol: ProtocolName, text: Buffer): Promise<string> {
  let token = '';
  const service = generatedService('LogferryAccess', Processor, {
    authenticate: (...[value]: unknown[]) => Promise.resolve(void (token = String(value))),
  });
  const placeholder = '_'.repeat(text.length);
  const bytes = callMessage('authenticate', [{ id: 1, value: { type: TYPE.STRING, value: placeholder } }], {
    protocol,
  });
  text.copy(bytes, bytes.indexOf(placeholder));
  const reader = new MessageReader(LIMITS);
  reader.push(bytes);
  const message = reader.next();
  if (message === undefined) throw new Error('not whole');
  await service.methods.get('authenticate')?.({
    ...message,
    method: 'authenticate',
    isOneway: false,
    peer: '',
    signal: new AbortController().signal,
  });
  return token;
}

test.each(PROTOCOLS)(
  '%s: text that is no UTF-8 is refused, and never becomes other text',
  async (protocol) => {
    for (const text of ['é', '\ufffd', '🙂 a']) expect(await given(protocol, Buffer.from(text))).toBe(text);
    for (const bytes of [[0x61, 0xff], [0xc3], [0xed, 0xa0, 0x80]])
      await expect(async () => given(protocol, Buffer.from(bytes))).rejects.toThrow('no UTF-8');
  },
);
