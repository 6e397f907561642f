import { Program } from './programs.ts';
import { until } from './until.ts';

/** `server_main.ts thrift` that listens, and its port. */
export class ThriftProgram extends Program {
  port = 0;

  /** On a free port, unless the environment says which. */
  static async start(env: Readonly<Record<string, string>>): Promise<ThriftProgram> {
    const program = new ThriftProgram('server_main.ts', ['thrift'], { THRIFT_PORT: '0', ...env });
    try {
      await until('it listens', () => program.#listens());
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw new Error(`Thrift did not start:\n${program.stdout}${program.stderr}`, { cause: error });
    }
    return program;
  }

  #listens(): boolean {
    const thriftPort = this.log.find((line) => line.thriftPort !== undefined)?.thriftPort;
    if (typeof thriftPort === 'number') this.port = thriftPort;
    return this.port !== 0;
  }
}
