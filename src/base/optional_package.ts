import { createRequire } from 'node:module';

/** Packages that only some of what Logferry does needs: they are not installed with it. A test holds the versions to package.json. */
export const OPTIONAL_PACKAGES = {
  '@electric-sql/pglite': '^0.5.16',
  '@nats-io/jetstream': '^3.4.0',
  '@nats-io/transport-node': '^3.4.0',
  pg: '^8.23.1',
  redis: '^6.3.1',
  thrift: '^0.24.0',
} as const;

export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES;

/** A package that is needed for what was asked for is not installed; the message says what to run. */
export class MissingPackage extends Error {
  override readonly name = 'MissingPackage';
  readonly code = 'missing_package';
}

/** To be called before what imports the package is imported. `what` needs it, at the beginning of a sentence. Throws MissingPackage. */
export function needPackage(name: OptionalPackage, what: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    const command = `npm install ${name}@${OPTIONAL_PACKAGES[name]}`;
    throw new MissingPackage(`${what} needs the package ${name}, which is not installed: ${command}`, {
      cause,
    });
  }
}
