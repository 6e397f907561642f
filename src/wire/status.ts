/** What a shipper says of itself, with OPEN and with each PING, for whoever watches. Nothing else hangs on it. */
import { encodeFrame } from './frame.ts';

export interface Status {
  readonly version?: string;
  /** Compression level of the moment. */
  readonly level?: number;
  /** Entries it has read that are not acknowledged. */
  readonly backlog?: number;
}

/** What a PING may hold. */
export const MAX_PING_BYTES = 64;

/** A version that is shown. */
const VERSION_TEXT = /^[\w.+-]{1,32}$/;

/** zstd's highest. */
const MAX_LEVEL = 22;

const OPENING_BRACE = 0x7b;

/** A PING that says so, or one without a payload. */
export const encodePing = (status?: Status): Buffer =>
  status === undefined ? encodeFrame('PING') : encodeFrame('PING', Buffer.from(JSON.stringify(status)));

/** What a PING says of its sender. One may hold anything: what is no status says nothing. */
export function decodePing(payload: Buffer): Status {
  if (payload.length > MAX_PING_BYTES || payload[0] !== OPENING_BRACE) return {};
  try {
    return statusOf(JSON.parse(payload.toString('utf8')));
  } catch {
    return {};
  }
}

/** What of a value is a status; what can't be used is left out. */
export function statusOf(value: unknown): Status {
  if (typeof value !== 'object' || value === null) return {};
  const { version, level, backlog } = value as Readonly<Record<string, unknown>>;
  return {
    ...(typeof version === 'string' && VERSION_TEXT.test(version) ? { version } : {}),
    ...(isCount(level) && level <= MAX_LEVEL ? { level } : {}),
    ...(isCount(backlog) ? { backlog } : {}),
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
