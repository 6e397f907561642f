import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TlsMaterial } from '../../src/base/tls_material.ts';

const run = promisify(execFile);

/** A certificate and its key: the paths, and the text. */
export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

export interface Subject {
  /** Empty: none. */
  readonly name: string;
  /** As openssl writes them: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  readonly days?: number;
}

const openssl = async (...args: string[]): Promise<void> => {
  await run('openssl', args);
};

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** An authority that signs certificates into a folder, with openssl. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  readonly certPath: string;
  readonly cert: string;
  #signed = 0;

  private constructor(folder: string, name: string, cert: string) {
    this.#folder = folder;
    this.#name = name;
    this.certPath = join(folder, `${name}.pem`);
    this.cert = cert;
  }

  static async create(folder: string, name = 'ca'): Promise<Authority> {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    await openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
    );
    return new Authority(folder, name, await readFile(cert, 'utf8'));
  }

  async sign({ name, names, days = 1 }: Subject): Promise<Certificate> {
    this.#signed += 1;
    const path = (kind: string): string => join(this.#folder, `${this.#name}-${this.#signed}.${kind}`);
    const request = ['req', '-new', ...NEW_KEY, '-keyout', path('key'), '-out', path('csr')];
    const subject = ['-subj', name === '' ? '/' : `/CN=${name}`];
    await openssl(
      ...request,
      ...subject,
      ...(names === undefined ? [] : ['-addext', `subjectAltName=${names}`]),
    );
    const ca = ['-CA', this.certPath, '-CAkey', join(this.#folder, `${this.#name}.key`), '-CAcreateserial'];
    const sign = ['x509', '-req', '-in', path('csr'), '-copy_extensions', 'copy', '-days', String(days)];
    await openssl(...sign, ...ca, '-out', path('pem'));
    const [cert, key] = await Promise.all([readFile(path('pem'), 'utf8'), readFile(path('key'), 'utf8')]);
    return { certPath: path('pem'), keyPath: path('key'), cert, key };
  }

  /** One for a receiver on this machine. */
  signServer(): Promise<Certificate> {
    return this.sign({ name: 'receiver', names: 'DNS:localhost,IP:127.0.0.1' });
  }
}

/** What a receiver with this certificate needs; with `ca`, it demands one of its clients. */
export const serverTls = ({ cert, key }: Certificate, ca?: Authority): TlsMaterial => ({
  cert,
  key,
  ...(ca === undefined ? {} : { ca: ca.cert }),
});
