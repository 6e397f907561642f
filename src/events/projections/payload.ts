/** What built-in projections read in payloads: anybody wrote them. */
import type { Json } from '../projection.ts';

const BRACE = 0x7b;

/** Deeper ones are not read: to write them again as JSON would take a stack as deep. */
const MAX_DEPTH = 64;

type JsonObject = { readonly [key: string]: Json };

/** A payload is read once, however many projections ask for it. */
const known = new WeakMap<Buffer, JsonObject | 'none'>();

/** The payload where it is a JSON object, of no more than 64 levels. */
export function payloadOf(payload: Buffer): JsonObject | undefined {
  const found = known.get(payload) ?? parse(payload);
  known.set(payload, found);
  return found === 'none' ? undefined : found;
}

function parse(payload: Buffer): JsonObject | 'none' {
  if (payload[0] !== BRACE) return 'none';
  try {
    const value = JSON.parse(payload.toString()) as JsonObject;
    return isShallow(value, MAX_DEPTH) ? value : 'none';
  } catch {
    return 'none';
  }
}

const isShallow = (value: Json, levels: number): boolean =>
  value === null ||
  typeof value !== 'object' ||
  (levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1)));

/** Milliseconds as a number, or as text where a number can't hold them. */
export const timeOf = (timestamp: bigint): number | string =>
  Number.isSafeInteger(Number(timestamp)) ? Number(timestamp) : timestamp.toString();
