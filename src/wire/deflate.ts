/**
 * gzip (RFC 1952) and zlib (RFC 1950) are two wrappers around the same deflate bits (RFC 1951). Taking a wrapper off
 * lets the receiver put a body into the archive without compressing it again.
 *
 *     gzip   1f 8b 08 flags mtime(4) xfl os [extra] [name] [comment] [crc16] | deflate bits | CRC-32(4) length(4)
 *     zlib   cmf flg                                                         | deflate bits | Adler-32(4)
 */
import { WireError } from './wire_error.ts';

const GZIP_TRAILER_BYTES = 8;
const ZLIB_HEADER_BYTES = 2;
const ZLIB_TRAILER_BYTES = 4;

/** Bits 1 to 4 of gzip's flags byte. */
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;

/** The deflate bits inside a gzip or zlib body, as a view; not yet known to inflate. Throws `does_not_inflate`. */
export function unwrapDeflate(algorithm: 'gzip' | 'zlib', body: Buffer): Buffer {
  const [start, trailer] =
    algorithm === 'gzip'
      ? [gzipHeaderBytes(body), GZIP_TRAILER_BYTES]
      : [zlibHeaderBytes(body), ZLIB_TRAILER_BYTES];
  if (start + trailer > body.length) {
    throw new WireError(
      'does_not_inflate',
      `a ${algorithm} body of ${body.length} bytes ends before its trailer`,
    );
  }
  return body.subarray(start, body.length - trailer);
}

function gzipHeaderBytes(body: Buffer): number {
  if (body.length < 10 || body.readUInt16BE(0) !== 0x1f8b || body[2] !== 8) {
    throw new WireError('does_not_inflate', 'a body that says gzip does not begin with a gzip header');
  }
  const flags = body.readUInt8(3);
  let at = 10;
  if (flags & FEXTRA) at += 2 + (at + 2 <= body.length ? body.readUInt16LE(at) : body.length);
  if (flags & FNAME) at = afterZero(body, at);
  if (flags & FCOMMENT) at = afterZero(body, at);
  if (flags & FHCRC) at += 2;
  return at;
}

/** The offset after the next zero byte, or past the end where there is none. */
function afterZero(body: Buffer, from: number): number {
  const zero = body.indexOf(0, from);
  return zero === -1 ? body.length : zero + 1;
}

function zlibHeaderBytes(body: Buffer): number {
  const isZlib =
    body.length >= ZLIB_HEADER_BYTES && (body.readUInt8(0) & 15) === 8 && body.readUInt16BE(0) % 31 === 0;
  const hasDictionary = isZlib && (body.readUInt8(1) & 32) !== 0;
  if (!isZlib || hasDictionary) {
    throw new WireError(
      'does_not_inflate',
      'a body that says zlib does not begin with a zlib header (or wants a dictionary)',
    );
  }
  return ZLIB_HEADER_BYTES;
}
