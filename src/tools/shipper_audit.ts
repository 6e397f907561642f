import type { BlockHeader } from '../archive/block.ts';

/** Follows one shipper's blocks through an archive: sequences must rise by one, whatever else lies between. */
export class ShipperAudit {
  readonly #id: string;
  #epoch: number | undefined;
  #sequence = 0;
  #first = 0;
  #epochs = 0;
  #entries = 0;
  #lostEntries = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** Takes the next block; a description of what is wrong with its number, if anything. */
  follow({ epoch, sequence, count, gap }: BlockHeader): string | undefined {
    const from = gap?.from ?? sequence;
    const isNewLine = epoch !== this.#epoch;
    const expected = this.#sequence + 1;
    if (isNewLine) {
      this.#epoch = epoch;
      this.#epochs += 1;
      this.#first = from;
    }
    this.#entries += count;
    this.#lostEntries += gap?.entries ?? 0;
    this.#sequence = Math.max(sequence, isNewLine ? 0 : this.#sequence);
    if (isNewLine || from === expected) return undefined;
    return from < expected
      ? `${this.#id} repeats sequence ${from} (${expected} was next)`
      : `${this.#id} misses sequences ${expected} to ${from - 1}`;
  }

  summary(): string {
    const epochs = this.#epochs > 1 ? ` (epoch ${this.#epochs} of this archive)` : '';
    const lost = this.#lostEntries > 0 ? `, ${this.#lostEntries} entries declared lost` : '';
    return `${this.#id}: sequences ${this.#first} to ${this.#sequence}${epochs}, ${this.#entries} entries${lost}`;
  }
}
