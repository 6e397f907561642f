/** Who may ship: the holder of a token, where tokens are set; and under which shipper id, where ids are bound. */
import { createHash, type X509Certificate } from 'node:crypto';
import { WireError } from '../wire/wire_error.ts';
import { IdBindings, type Bindings } from './id_bindings.ts';
import { Tokens } from './tokens.ts';

export interface AccessOptions {
  /** None: nobody needs one. */
  readonly tokens: readonly string[];
  /** A shipper id belongs to the token or the certificate that used it first. */
  readonly areIdsBound: boolean;
}

export const OPEN_TO_ALL: AccessOptions = { tokens: [], areIdsBound: false };

/** What let a shipper in. */
export interface Pass {
  readonly tokenHash?: string;
}

export interface Claim {
  readonly shipperId: string;
  readonly token?: string;
}

export class Access {
  readonly #tokens: Tokens | undefined;
  readonly #bindings: Bindings | undefined;

  private constructor(tokens: Tokens | undefined, bindings: Bindings | undefined) {
    this.#tokens = tokens;
    this.#bindings = bindings;
  }

  /** `folder` holds the bindings where no others are given, and must exist then. Throws where they can't be read. */
  static async open(
    { tokens, areIdsBound }: AccessOptions,
    folder: string,
    bindings?: Bindings,
  ): Promise<Access> {
    return new Access(
      tokens.length === 0 ? undefined : new Tokens(tokens),
      areIdsBound ? (bindings ?? (await IdBindings.open(folder))) : undefined,
    );
  }

  get isTokenWanted(): boolean {
    return this.#tokens !== undefined;
  }

  /** From now on these tokens let in. Whether one is wanted at all does not change. */
  replaceTokens(tokens: readonly string[]): void {
    this.#tokens?.replace(tokens);
  }

  /** Lets a shipper in. Throws WireError `unauthorized`; rejects with what the disk said where a binding can't be kept. */
  async admit({ shipperId, token }: Claim, certificate: X509Certificate | undefined): Promise<Pass> {
    const tokenHash = token === undefined ? undefined : this.#tokens?.match(token);
    if (this.#tokens !== undefined && tokenHash === undefined) {
      throw new WireError(
        'unauthorized',
        token === undefined
          ? 'OPEN carries no token, and this receiver wants one'
          : 'the token is not one of this receiver',
      );
    }
    const owner = ownerOf(certificate, tokenHash);
    if (owner !== undefined && (await this.#bindings?.claim(shipperId, owner)) === false) {
      throw new WireError(
        'unauthorized',
        `shipper id ${shipperId} belongs to another token or certificate (AUTH_BIND_IDS)`,
      );
    }
    const pass = tokenHash === undefined ? {} : { tokenHash };
    if (!this.isValid(pass)) throw new WireError('unauthorized', 'the token was withdrawn');
    return pass;
  }

  /** True for a token that lets in; where none is wanted, always. */
  letsIn(token: string | undefined): boolean {
    return this.enter(token) !== undefined;
  }

  /** What lets in somebody who has no shipper id, or undefined; where no token is wanted everybody comes in. */
  enter(token: string | undefined): Pass | undefined {
    if (this.#tokens === undefined) return {};
    const tokenHash = token === undefined ? undefined : this.#tokens.match(token);
    return tokenHash === undefined ? undefined : { tokenHash };
  }

  /** True while what let a shipper in still would. */
  isValid({ tokenHash }: Pass): boolean {
    return tokenHash === undefined || this.#tokens?.has(tokenHash) === true;
  }
}

/**
 * Whom a shipper id is bound to. A certificate counts by its subject, so that it may be renewed with another key; one
 * without a subject by its public key. Where there is none, the token's hash.
 */
function ownerOf(
  certificate: X509Certificate | undefined,
  tokenHash: string | undefined,
): string | undefined {
  if (certificate === undefined) return tokenHash === undefined ? undefined : `token sha256:${tokenHash}`;
  // Node's types say it is a string; a certificate without a subject has none.
  const subject = certificate.subject as string | undefined;
  if (subject !== undefined && subject !== '') return `certificate subject sha256:${sha256(subject)}`;
  return `certificate key sha256:${sha256(certificate.publicKey.export({ type: 'spki', format: 'der' }))}`;
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
