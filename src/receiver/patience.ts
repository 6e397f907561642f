/** What a peer has begun and is expected to finish. */
export type Owed = 'the end of a frame' | 'OPEN' | 'the reading of its answers';

/** A clock for each thing a peer owes: bytes that keep arriving do not stop it, only the thing itself does. */
export class Patience {
  readonly #limitMs: number;
  readonly #onOver: (owed: Owed) => void;
  readonly #clocks = new Map<Owed, NodeJS.Timeout>();
  #isOver = false;

  constructor(limitMs: number, onOver: (owed: Owed) => void) {
    this.#limitMs = limitMs;
    this.#onOver = onOver;
  }

  /** Starts the clock, where it does not run yet. */
  expect(owed: Owed): void {
    if (this.#isOver || this.#clocks.has(owed)) return;
    this.#clocks.set(
      owed,
      setTimeout(() => this.#onOver(owed), this.#limitMs),
    );
  }

  /** It came, or nobody waits for it any more. */
  met(owed: Owed): void {
    clearTimeout(this.#clocks.get(owed));
    this.#clocks.delete(owed);
  }

  /** Stops all clocks, for good. */
  end(): void {
    this.#isOver = true;
    for (const clock of this.#clocks.values()) clearTimeout(clock);
    this.#clocks.clear();
  }
}
