import { Program } from './programs.ts';
import { until } from './until.ts';

/** `server_main.ts http` that listens, and its port. */
export class HttpProgram extends Program {
  port = 0;

  /** On a free port, unless the environment says which. */
  static async start(env: Readonly<Record<string, string>>): Promise<HttpProgram> {
    const program = new HttpProgram('server_main.ts', ['http'], { HTTP_PORT: '0', ...env });
    try {
      await until('it listens', () => program.#listens(), 30_000);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw new Error(`HTTP did not start:\n${program.stdout}${program.stderr}`, { cause: error });
    }
    return program;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Asks for an orderly end. */
  async stop(): Promise<void> {
    this.kill('SIGTERM');
    const { code, stdout, stderr } = await this.ended();
    if (code !== 0) throw new Error(`HTTP ended with ${code}:\n${stdout}${stderr}`);
  }

  #listens(): boolean {
    const httpPort = this.log.find((line) => line.httpPort !== undefined)?.httpPort;
    if (typeof httpPort === 'number') this.port = httpPort;
    return this.port !== 0;
  }
}
