/** LogferryAccess (thrift/access.thrift): how a connection shows its token. */
import { encodeReply } from '../../../thrift/answer.ts';
import { argumentsOf, type Message } from '../../../thrift/message.ts';
import type { ThriftService } from '../../../thrift/service.ts';
import { ThriftError } from '../../../thrift/thrift_error.ts';
import { skipValue } from '../../../thrift/unknown_value.ts';
import { TYPE } from '../../../thrift/value_type.ts';
import { DENIED } from './gate.ts';

const NAME = 'LogferryAccess';
const METHOD = 'authenticate';

/** As a found method is labelled (calls.ts). */
export const AUTHENTICATE = `${NAME}.${METHOD}`;

/** `admit` answers whether the token lets the connection in. */
export const accessService = (admit: (token: string) => boolean): ThriftService => ({
  name: NAME,
  methods: new Map([
    [
      METHOD,
      (call) => {
        const denied = [{ id: 1, value: [{ id: 1, value: DENIED.message }] }];
        return Promise.resolve(encodeReply(call, admit(tokenOf(call)) ? [] : denied));
      },
    ],
  ]),
});

function tokenOf(message: Message): string {
  const cursor = argumentsOf(message);
  while (cursor.field() && cursor.type !== TYPE.STOP) {
    if (cursor.fieldId === 1 && cursor.type === TYPE.STRING) {
      cursor.string();
      return cursor.bytes.toString('utf8', cursor.at, cursor.at + cursor.length);
    }
    skipValue(cursor, cursor.type, true);
  }
  throw new ThriftError('refused', `${METHOD} has no field 1 (token), a string`);
}
