import type { Receiver } from '../../src/receiver/receiver.ts';
import { acknowledged, batchFrame, shipperPeer, type RawPeer } from './raw_peer.ts';
import { archivedLines, testReceiver, verdictOn, type ReceiverWishes } from './receivers.ts';
import { temporaryFolder, type TemporaryFolder } from './temp_folder.ts';
import { until } from './until.ts';

const WITNESS = 'witness';

/** A receiver with a well-behaved shipper connected all along, which has to notice nothing of what others do. */
export class WitnessedReceiver {
  readonly receiver: Receiver;
  readonly folder: TemporaryFolder;
  readonly #witness: RawPeer;
  #sequence = 0;

  private constructor(folder: TemporaryFolder, receiver: Receiver, witness: RawPeer) {
    this.folder = folder;
    this.receiver = receiver;
    this.#witness = witness;
  }

  static async start(wishes: ReceiverWishes = {}): Promise<WitnessedReceiver> {
    const folder = await temporaryFolder();
    const receiver = await testReceiver(folder.path, wishes);
    return new WitnessedReceiver(folder, receiver, await shipperPeer(receiver.port, WITNESS));
  }

  /** The witness ships one more entry, and it is acknowledged. */
  async shipsOn(): Promise<void> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#witness.send(batchFrame({ sequence, text: `{"witness":${sequence}}\n` }));
    await until('the witness is acknowledged', () => acknowledged(this.#witness) === sequence);
  }

  /** Stops the receiver; the answer is what `verify` says, and whether the archive holds all the witness shipped. */
  async end(): Promise<{ code: 0 | 1; report: string; isWitnessWhole: boolean }> {
    await this.receiver[Symbol.asyncDispose]();
    await this.#witness[Symbol.asyncDispose]();
    const verdict = await verdictOn(this.folder.path);
    const lines = await archivedLines(this.folder.path, WITNESS);
    const isWitnessWhole =
      lines.join() === Array.from({ length: this.#sequence }, (_, n) => `{"witness":${n + 1}}`).join();
    await this.folder[Symbol.asyncDispose]();
    return { ...verdict, isWitnessWhole };
  }
}

/** `errors` with one more of this code. */
export const oneMore = (errors: Readonly<Record<string, number>>, code: string): Record<string, number> => ({
  ...errors,
  [code]: (errors[code] ?? 0) + 1,
});
