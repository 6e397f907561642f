/**
 * Calls in the JSON protocol, as TJSONProtocol of Apache Thrift has it:
 *
 *     [1,"name",1,sequence id,{"1":{"lst":["rec",count,{"1":{"i64":…},"2":{"str":"…"}},…]}}]
 */
import type { CallEncoder } from './call_encoder.ts';
import type { LogEventFields } from './log_event_fields.ts';
import { MESSAGE_TYPE } from '../message.ts';

export const jsonCalls: CallEncoder = {
  sendLogs(out, name, sequenceId, events) {
    const items = events.map((event) => `,${eventText(event)}`).join('');
    out.text(call(name, sequenceId, `{"lst":["rec",${events.length}${items}]}`));
  },
  withText(out, name, sequenceId, text) {
    out.text(call(name, sequenceId, textValue(text)));
  },
};

const call = (name: string, sequenceId: number, argument: string): string =>
  `[1,${JSON.stringify(name)},${MESSAGE_TYPE.CALL},${sequenceId},{"1":${argument}}]`;

const textValue = (text: string): string => `{"str":${JSON.stringify(text)}}`;

function eventText({ timestamp, service, host, message, level }: LogEventFields): string {
  const texts = [service, host, message, level].map((text, index) =>
    text === undefined ? undefined : `"${index + 2}":${textValue(text)}`,
  );
  const fields = [timestamp === undefined ? undefined : `"1":{"i64":${timestamp}}`, ...texts];
  return `{${fields.filter((field) => field !== undefined).join(',')}}`;
}
