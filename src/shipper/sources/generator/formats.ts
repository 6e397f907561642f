/**
 * The formats of a line, as texts with places in angle brackets to be filled in. Those of a fixed width (`<time>` to
 * `<address>`) come before those that are numbers of any width (`<bytes>`, `<ms>`, `<n>`): line_template.ts counts on it.
 */
import type { Step } from './flow.ts';

export type FormatName = 'json' | 'csv' | 'common' | 'syslog';

export interface Format {
  readonly line: (step: Step, host: string, name: string) => string;
  /** What goes in for `<time>`: as long for each time. */
  readonly time: (ms: number) => string;
  /** The first line of a new file. */
  readonly header?: string;
}

/** A year has four digits. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const isoTime = (ms: number): string => new Date(Math.min(ms, LAST_MS)).toISOString();

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  json: {
    line: ({ level, service, message }, host) =>
      `{"timestamp":"<time>","level":"${level}","service":"${service}","host":"${host}","message":"${message}","user_id":"u<user>","session":"<session>","request_id":"<request>","ms":<ms>,"n":<n>}`,
    time: isoTime,
  },
  /** RFC 4180, but for the ends of lines, which are newlines. */
  csv: {
    header: 'timestamp,level,service,host,message,user_id,session,request_id,ms,n',
    line: ({ level, service, message }, host) =>
      `<time>,${level},${service},${host},${csvField(message)},u<user>,<session>,<request>,<ms>,<n>`,
    time: isoTime,
  },
  /** The common log format of web servers. The addresses are those set aside for benchmarks (RFC 2544). */
  common: {
    line: ({ request, status }) =>
      `198.18.<address> - u<user> [<time>] "${request} HTTP/1.1" ${status} <bytes>`,
    time: commonTime,
  },
  /** RFC 5424, facility local0; 32473 is the enterprise number for examples (RFC 5612). */
  syslog: {
    line: ({ level, service, message, status }, host, name) =>
      `<${LOCAL0 + SEVERITIES[level]}>1 <time> ${host} ${service} ${processId(host)} ${name} [flow@32473 user="u<user>" session="<session>" request="<request>" status="${status}"] ${message}, ms=<ms> n=<n>`,
    time: isoTime,
  },
};

const LOCAL0 = 16 * 8;
const SEVERITIES: Readonly<Record<Step['level'], number>> = { ERROR: 3, WARN: 4, INFO: 6, DEBUG: 7 };

/** Each host has one of its own. */
const processId = (host: string): number => 1000 + host.charCodeAt(host.length - 1);

const csvField = (text: string): string => (text.includes(',') ? `"${text}"` : text);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `31/Jan/2026:12:00:00 +0000` */
function commonTime(ms: number): string {
  const iso = isoTime(ms);
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1] ?? ''}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
