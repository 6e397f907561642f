/** What the thread that ships has done, in memory that the application's thread reads at any time. */

/** In entries, but for what says otherwise. `dropped`: where the memory for batches was full. */
const NAMES = ['acknowledged', 'rejected', 'dropped', 'takenBytes', 'isConnected'] as const;
export type FigureName = (typeof NAMES)[number];

const SLOT_BYTES = 8;

/** `running`, or how it ended. */
const STATES = ['running', 'delivered', 'gave_up'] as const;
export type ThreadState = (typeof STATES)[number];

export class Figures {
  /** To be handed to the other thread, which makes its own Figures of it. */
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array;
  readonly #state: Int32Array;

  constructor(memory = new SharedArrayBuffer((NAMES.length + 1) * SLOT_BYTES)) {
    this.memory = memory;
    this.#values = new Float64Array(memory, 0, NAMES.length);
    this.#state = new Int32Array(memory, NAMES.length * SLOT_BYTES, 1);
  }

  get(name: FigureName): number {
    return this.#values[NAMES.indexOf(name)] ?? 0;
  }

  set(name: FigureName, value: number): void {
    this.#values[NAMES.indexOf(name)] = value;
  }

  get state(): ThreadState {
    return STATES[Atomics.load(this.#state, 0)] ?? 'running';
  }

  /** Says how it ended, and wakes who waits for that. */
  end(state: ThreadState): void {
    Atomics.store(this.#state, 0, STATES.indexOf(state));
    Atomics.notify(this.#state, 0);
  }

  /** Blocks this thread until the other has ended, at most so long. */
  waitForEnd(timeoutMs: number): void {
    Atomics.wait(this.#state, 0, STATES.indexOf('running'), timeoutMs);
  }
}
