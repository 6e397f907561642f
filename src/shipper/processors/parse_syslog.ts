/** Syslog as it comes over the wire and as it lies in files: RFC 5424, and RFC 3164 with or without its priority. */
import type { Fields } from './text_draft.ts';

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6'],
  'local7',
];
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const LEVELS = ['FATAL', 'FATAL', 'FATAL', 'ERROR', 'WARN', 'INFO', 'INFO', 'DEBUG'];

const PRIORITY = /^<(\d{1,3})>/;
/** RFC 5424, 6: version, time, host, application, process, message id. Structured data and the message follow. */
const HEAD_5424 = /^1 (-|\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,64}) (?=-|\[)/;
/** RFC 3164, 4.1: time and host. The time may be ISO 8601, as today's daemons write it. */
const HEAD_3164 =
  /^((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2}|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})) (\S{1,255}) /;
/** The program and its process id, where the message begins with them. */
const TAG = /^([^\s:[\]]{1,64})(?:\[([^\]\s]{1,64})\])?: ?/;
const ELEMENT_START = /\[([^\s="\]]{1,128})/y;
const PARAMETER = / ([^\s="\]]{1,128})="([^"\\\]]*(?:\\.[^"\\\]]*)*)"/y;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

export function parseSyslog(line: string): Fields | undefined {
  const [start = '', number] = PRIORITY.exec(line) ?? [];
  if (Number(number ?? 0) > 191) return undefined;
  const priority = number === undefined ? undefined : Number(number);
  const rest = line.slice(start.length);
  return (priority === undefined ? undefined : parse5424(rest, priority)) ?? parse3164(rest, priority);
}

function parse5424(text: string, priority: number): Fields | undefined {
  const head = HEAD_5424.exec(text);
  if (head === null) return undefined;
  const [whole, time = '', host, service, pid, messageId] = head;
  if (time !== '-' && !ISO_TIME.test(time)) return undefined;
  const data = structuredData(text, whole.length);
  if (data === undefined) return undefined;
  const fields = start(priority);
  for (const [name, value] of Object.entries({ timestamp: time, host, service, pid, message_id: messageId }))
    if (value !== '-') fields.set(name, value);
  if (data.elements.length > 0) fields.set('structured_data', Object.fromEntries(data.elements));
  // RFC 5424, 6.4: a byte order mark says that the message is UTF-8.
  fields.set('message', text.slice(data.end + 1).replace(/^\uFEFF/, ''));
  return fields;
}

/** The elements from `at` on, and where they end; undefined where they are malformed. */
function structuredData(
  text: string,
  at: number,
): { elements: [id: string, parameters: object][]; end: number } | undefined {
  const elements: [string, object][] = [];
  if (text[at] === '-') at += 1;
  else {
    while (text[at] === '[') {
      ELEMENT_START.lastIndex = at;
      const id = ELEMENT_START.exec(text)?.[1];
      if (id === undefined) return undefined;
      at = ELEMENT_START.lastIndex;
      const parameters: [string, string][] = [];
      for (PARAMETER.lastIndex = at; ; at = PARAMETER.lastIndex) {
        const [, name, value] = PARAMETER.exec(text) ?? [];
        if (name === undefined || value === undefined) break;
        parameters.push([name, value.replace(/\\(["\\\]])/g, '$1')]);
      }
      if (text[at] !== ']') return undefined;
      at += 1;
      elements.push([id, Object.fromEntries(parameters)]);
    }
  }
  return at === text.length || text[at] === ' ' ? { elements, end: at } : undefined;
}

/** The time is kept as it is: it has no year and no zone. */
function parse3164(text: string, priority: number | undefined): Fields | undefined {
  const head = HEAD_3164.exec(text);
  if (head === null) return undefined;
  const [whole, timestamp, host] = head;
  const message = text.slice(whole.length);
  const [tag = '', service, pid] = TAG.exec(message) ?? [];
  const fields = start(priority);
  fields.set('timestamp', timestamp);
  fields.set('host', host);
  if (service !== undefined) fields.set('service', service);
  if (pid !== undefined) fields.set('pid', pid);
  fields.set('message', message.slice(tag.length));
  return fields;
}

function start(priority: number | undefined): Fields {
  if (priority === undefined) return new Map();
  const severity = priority % 8;
  return new Map([
    ['facility', FACILITIES[priority >> 3]],
    ['severity', SEVERITIES[severity]],
    ['level', LEVELS[severity]],
  ]);
}
