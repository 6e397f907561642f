import { JetStreamApiError } from '@nats-io/jetstream';

/** A server that is cut off from the others answers nothing, and its connections are fine: after so long another is asked. */
const ELSEWHERE_AFTER_MS = 10_000;

/** JetStream answers, and says that it has no leader: no answer. */
const NO_META_LEADER = 10008;

/** Goes to another server where this one only fails. One for a connection, whoever asks by it. */
export class Silence {
  readonly #goElsewhere: () => Promise<void>;
  #sinceMs: number | undefined;

  constructor(goElsewhere: () => Promise<void>) {
    this.#goElsewhere = goElsewhere;
  }

  /** Something was answered, or there is another connection. */
  ends(): void {
    this.#sinceMs = undefined;
  }

  /** Something was not; settles when another server is looked for, if it is. */
  async lasts(error: unknown): Promise<void> {
    const isAnswer = error instanceof JetStreamApiError && error.code !== NO_META_LEADER;
    if (isAnswer) this.ends();
    else this.#sinceMs ??= performance.now();
    if (this.#sinceMs === undefined || performance.now() - this.#sinceMs < ELSEWHERE_AFTER_MS) return;
    this.ends();
    await this.#goElsewhere();
  }
}
