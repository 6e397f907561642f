import { createHash, timingSafeEqual } from 'node:crypto';

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The tokens that let a shipper in. Only their hashes are kept. */
export class Tokens {
  #hashes: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#hashes = tokens.map(hashOf);
  }

  /** From now on these let in, and no others. */
  replace(tokens: readonly string[]): void {
    this.#hashes = tokens.map(hashOf);
  }

  /** The hash of a token that lets in, in hex, else undefined. How long that takes tells nothing about the tokens: all are compared, whole. */
  match(token: string): string | undefined {
    const hash = hashOf(token);
    let isKnown = false;
    for (const known of this.#hashes) isKnown = timingSafeEqual(known, hash) || isKnown;
    return isKnown ? hash.toString('hex') : undefined;
  }

  /** True while the token with this hash lets in. */
  has(hash: string): boolean {
    return this.#hashes.some((known) => known.toString('hex') === hash);
  }
}
