/**
 * The bucket beside the streams: a key-value bucket of NATS', as its tools know them, read through its leader.
 *
 * A key changes by compare-and-set. `Nats-Expected-Last-Subject-Sequence` alone is none: a cluster before 2.11 looks at it
 * only before the proposal, and lets in two writers of the same instant. So a change carries a message id too, made of the
 * revision it replaces, which is looked at where the message is applied: of two that replace the same revision one is a repeat.
 */
import type { Nats } from './connection.ts';
import { isWrongLast } from './jetstream_error.ts';

export interface Entry {
  readonly value: Buffer;
  readonly revision: number;
}

export class Bucket {
  readonly #nats: Nats;
  readonly #name: string;

  constructor(nats: Nats, name: string) {
    this.#nats = nats;
    this.#name = name;
  }

  /** The entry, or undefined where there is none. Rejects where NATS does not answer. */
  async get(key: string): Promise<Entry | undefined> {
    const query = { last_by_subj: this.#subjectOf(key) };
    const found = await this.#nats.ask(() => this.#nats.manager.streams.getMessage(this.#stream, query));
    return found === null ? undefined : { value: Buffer.from(found.data), revision: found.seq };
  }

  /**
   * Writes where the key still has this revision (0: where it is not there). Settles with the new revision, or undefined where
   * another was quicker. Rejects where NATS does not answer: it may have been written then, and may be tried again as it is.
   */
  async replace(key: string, value: Buffer, revision: number): Promise<number | undefined> {
    try {
      const { seq, duplicate } = await this.#nats.ask(() =>
        this.#nats.client.publish(this.#subjectOf(key), value, {
          expect: { lastSubjectSequence: revision },
          ...(revision === 0 ? {} : { msgID: `${key}@${revision}` }),
        }),
      );
      if (!duplicate) return seq;
    } catch (error) {
      if (!isWrongLast(error)) throw error;
    }
    const entry = await this.get(key);
    return entry?.value.equals(value) === true ? entry.revision : undefined;
  }

  /** The keys that begin with `prefix`, which ends with a dot. */
  async keys(prefix: string): Promise<string[]> {
    const filter = this.#subjectOf(`${prefix}>`);
    const { state } = await this.#nats.ask(() =>
      this.#nats.manager.streams.info(this.#stream, { subjects_filter: filter }),
    );
    const subjects = Object.keys(state.subjects ?? {});
    return subjects.map((subject) => subject.slice(this.#subjectOf('').length));
  }

  /** Forgets a key. */
  async remove(key: string): Promise<void> {
    const filter = this.#subjectOf(key);
    await this.#nats.ask(() => this.#nats.manager.streams.purge(this.#stream, { filter }));
  }

  get #stream(): string {
    return `KV_${this.#name}`;
  }

  #subjectOf(key: string): string {
    return `$KV.${this.#name}.${key}`;
  }
}
