/** Bytes of PostgreSQL, as text: `\x` and their hex digits. */
export const byteaOfText = (text: string): Buffer => Buffer.from(text.slice(2), 'hex');
