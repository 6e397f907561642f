/**
 * Every option, once. Its environment name is its key; its flag is that name in lower case with dashes; the rest of its
 * row says what it may be, what it is when nobody says, and what it does. `--help`, `.env.example` and the table in
 * docs/OPTIONS.md are made from these rows, in this order.
 */
import type { Side } from './option.ts';
import { ACCESS_OPTIONS } from './options/access.ts';
import { ADDRESS_OPTIONS } from './options/address.ts';
import { DASHBOARD_OPTIONS } from './options/dashboard.ts';
import { EVENT_OPTIONS } from './options/events.ts';
import { GENERATOR_OPTIONS } from './options/generator.ts';
import { HTTP_OPTIONS } from './options/http.ts';
import { MONITOR_OPTIONS } from './options/monitor.ts';
import { NATS_OPTIONS } from './options/nats.ts';
import { OUTPUT_OPTIONS } from './options/outputs.ts';
import { PROCESS_OPTIONS } from './options/process.ts';
import { PROCESSOR_OPTIONS } from './options/processors.ts';
import { RECEIVER_OPTIONS } from './options/receiver.ts';
import { SHIPPER_OPTIONS } from './options/shipper.ts';
import { SOURCE_OPTIONS } from './options/source.ts';
import { TAIL_OPTIONS } from './options/tail.ts';
import { THRIFT_OPTIONS } from './options/thrift.ts';
import { THRIFT_CLIENT_OPTIONS } from './options/thrift_client.ts';
import { USER_OPTIONS } from './options/users.ts';

export const OPTIONS = {
  ...ADDRESS_OPTIONS,
  ...SHIPPER_OPTIONS,
  ...GENERATOR_OPTIONS,
  ...SOURCE_OPTIONS,
  ...TAIL_OPTIONS,
  ...PROCESSOR_OPTIONS,
  ...RECEIVER_OPTIONS,
  ...NATS_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...HTTP_OPTIONS,
  ...USER_OPTIONS,
  ...THRIFT_OPTIONS,
  ...THRIFT_CLIENT_OPTIONS,
  ...EVENT_OPTIONS,
  ...DASHBOARD_OPTIONS,
  ...MONITOR_OPTIONS,
  ...ACCESS_OPTIONS,
  ...PROCESS_OPTIONS,
} as const;

export type OptionName = keyof typeof OPTIONS;

/** The value of every option, by its environment name. */
export type Settings = { readonly [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]['kind']['parse']> };

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** `BATCH_SIZE` → `batch-size` */
export const flagOf = (name: OptionName): string => name.toLowerCase().replaceAll('_', '-');

export const optionsFor = (side: Exclude<Side, 'both'>): OptionName[] =>
  OPTION_NAMES.filter((name) => OPTIONS[name].side === 'both' || OPTIONS[name].side === side);
