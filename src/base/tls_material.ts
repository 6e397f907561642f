import { X509Certificate } from 'node:crypto';
import { lazyTls } from './lazy_tls.ts';

/** What one side of a TLS connection shows and trusts, as PEM text. */
export interface TlsMaterial {
  /** Certificate, with those between it and the CA behind it. */
  readonly cert?: string;
  readonly key?: string;
  /** Those who sign the other side's certificate, and nobody else does. */
  readonly ca?: string;
}

/** Older versions are broken. */
export const TLS_MIN_VERSION = 'TLSv1.2';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Throws where TLS could not be spoken with this, with why; no key is ever in the message. */
export function checkTlsMaterial({ cert, key, ca }: TlsMaterial): void {
  if (ca !== undefined) expectCertificates(ca, 'TLS_CA');
  if (cert !== undefined) expectCertificates(cert, 'TLS_CERT');
  try {
    lazyTls().createSecureContext({
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (cause) {
    throw new Error(`TLS_CERT and TLS_KEY are no pair: ${(cause as Error).message}`, { cause });
  }
}

function expectCertificates(pem: string, option: string): void {
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error(`${option} holds no certificate in PEM`);
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch (cause) {
    throw new Error(`${option} holds a certificate that can't be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
