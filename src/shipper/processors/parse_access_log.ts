/** Access logs of web servers: NCSA's common log format, and the combined one, which has two fields more. */
import type { Fields } from './text_draft.ts';

const QUOTED = String.raw`"([^"\\]*(?:\\.[^"\\]*)*)"`;
const COMMON = String.raw`(\S+) (\S+) (.{1,256}?) \[([^\]]{1,64})\] ${QUOTED} (\d{3}) (\d+|-)`;
const COMMON_LINE = new RegExp(`^${COMMON}$`);
const COMBINED_LINE = new RegExp(`^${COMMON} ${QUOTED} ${QUOTED}`);

const REQUEST = /^([A-Z_-]{1,32}) (\S+)(?: (HTTP\/[\d.]+))?$/;
const TIME = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const parseCommon = (line: string): Fields | undefined => fieldsOf(COMMON_LINE.exec(line));

/** What stands behind the user agent (some servers add to the format) is kept as `rest`. */
export function parseCombined(line: string): Fields | undefined {
  const match = COMBINED_LINE.exec(line);
  const fields = fieldsOf(match);
  if (match === null || fields === undefined) return undefined;
  const [whole, , , , , , , , referer, agent] = match;
  setText(fields, 'referer', referer);
  setText(fields, 'user_agent', agent);
  setText(fields, 'rest', line.slice(whole.length).trim());
  return fields;
}

function fieldsOf(match: RegExpExecArray | null): Fields | undefined {
  if (match === null) return undefined;
  const [, remote, identity, user, time = '', request = '', status, bytes] = match;
  const timestamp = isoTime(time);
  if (timestamp === undefined) return undefined;
  const fields: Fields = new Map<string, unknown>([['timestamp', timestamp]]);
  setText(fields, 'remote_addr', remote);
  setText(fields, 'identity', identity);
  setText(fields, 'user', user);
  const [, method, path, protocol] = REQUEST.exec(unescaped(request)) ?? [];
  if (method === undefined) setText(fields, 'request', request);
  setText(fields, 'method', method);
  setText(fields, 'path', path);
  setText(fields, 'protocol', protocol);
  fields.set('status', Number(status));
  if (bytes !== '-') fields.set('bytes', Number(bytes));
  return fields;
}

/** `-` stands for nothing. */
function setText(fields: Fields, name: string, text: string | undefined): void {
  if (text !== undefined && text !== '' && text !== '-') fields.set(name, unescaped(text));
}

const unescaped = (text: string): string => (text.includes('\\') ? text.replace(/\\(["\\])/g, '$1') : text);

/** `10/Oct/2000:13:55:36 -0700` as ISO 8601, or undefined where it is no time. */
function isoTime(text: string): string | undefined {
  const [, day, month = '', year, clock, hours, minutes] = TIME.exec(text) ?? [];
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) return undefined;
  const time = `${year}-${String(number).padStart(2, '0')}-${day}T${clock}${hours}:${minutes}`;
  return Number.isNaN(Date.parse(time)) ? undefined : time;
}
