import type { ProtocolName } from '../message.ts';
import { binaryCalls } from './binary_calls.ts';
import type { CallEncoder } from './call_encoder.ts';
import { compactCalls } from './compact_calls.ts';
import { jsonCalls } from './json_calls.ts';

/** How calls are written, by protocol. */
export const CALL_ENCODERS: Readonly<Record<ProtocolName, CallEncoder>> = {
  binary: binaryCalls,
  compact: compactCalls,
  json: jsonCalls,
};
