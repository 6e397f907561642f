/** Shippers that move between receivers with blocks on their way. More runs: `JETSTREAM_RUNS=500`. */
import fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JetStreamLog } from '../../src/jetstream/jetstream_log.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { openLog, sequencesOf, trimByWorkers, upTo } from '../helpers/stream_logs.ts';

const RUNS = Number(process.env.JETSTREAM_RUNS ?? 10);
const SHIPPERS = ['a', 'b'];
const RECEIVERS = 3;

/** Long enough for what is on its way to be refused by its id, short enough to be waited for. */
const WINDOW_MS = 100;

/** So that many streams have room on a disk. */
const SMALL = { streams: { maxBytes: 4 * 1024 * 1024, duplicateWindowMs: WINDOW_MS } };

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** What is done one after the other; `sends` are not waited for. */
type Step =
  | { readonly kind: 'moves'; readonly shipper: number; readonly receiver: number }
  | { readonly kind: 'sends'; readonly shipper: number; readonly blocks: number; readonly back: number }
  | { readonly kind: 'waits'; readonly ms: number }
  | { readonly kind: 'ends'; readonly receiver: number }
  | { readonly kind: 'trims' }
  | { readonly kind: 'stands still'; readonly ms: number };

const shipper = fc.nat({ max: SHIPPERS.length - 1 });
const receiver = fc.nat({ max: RECEIVERS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('moves' as const), shipper, receiver }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('sends' as const),
      shipper,
      blocks: fc.integer({ min: 1, max: 5 }),
      back: fc.nat({ max: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('waits' as const), ms: fc.nat({ max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ends' as const), receiver }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'trims' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('stands still' as const), ms: fc.nat({ max: 30 }) }),
  },
);

/** A stream with its receivers, and where each shipper is. */
class Run {
  readonly #stream: string;
  readonly #logs: JetStreamLog[];
  readonly #at = new Map<string, { log: JetStreamLog; next: number }>();
  readonly #acknowledged = new Map<string, Set<number>>();
  readonly #onTheirWay: Promise<unknown>[] = [];
  /** By shipper, what was in the stream and was deleted. */
  readonly #trimmed = new Map<string, number[]>();

  constructor(stream: string, logs: JetStreamLog[]) {
    this.#stream = stream;
    this.#logs = logs;
  }

  async take(taken: Step): Promise<void> {
    switch (taken.kind) {
      case 'waits':
        return delay(taken.ms);
      case 'moves':
        return this.#move(SHIPPERS[taken.shipper] ?? '', this.#logs[taken.receiver]);
      case 'sends':
        return this.#send(SHIPPERS[taken.shipper] ?? '', taken.blocks, taken.back);
      case 'trims':
        return this.#trim();
      case 'stands still':
        server.signal('SIGSTOP');
        await delay(taken.ms);
        server.signal('SIGCONT');
        return;
      case 'ends':
        await this.#logs[taken.receiver]?.[Symbol.asyncDispose]();
        this.#logs[taken.receiver] = await openLog(server.url, this.#stream, SMALL);
    }
  }

  async #move(shipperId: string, log: JetStreamLog | undefined): Promise<void> {
    const point = await log?.resumePoint(shipperId);
    if (log !== undefined) this.#at.set(shipperId, { log, next: (point?.sequence ?? 0) + 1 });
    for (const sequence of this.#acknowledged.get(shipperId) ?? [])
      expect(sequence, 'acknowledged and not in the resume point').toBeLessThanOrEqual(point?.sequence ?? 0);
  }

  async #send(shipperId: string, blocks: number, back: number): Promise<void> {
    if (!this.#at.has(shipperId)) await this.#move(shipperId, this.#logs[0]);
    const at = this.#at.get(shipperId);
    if (at === undefined) return;
    const from = Math.max(1, at.next - back);
    for (let sequence = from; sequence < at.next + blocks; sequence += 1) {
      const block = await makeBlock({ shipperId, sequence });
      this.#onTheirWay.push(
        at.log.append(block).then(
          () => this.#heard(shipperId, sequence),
          () => undefined,
        ),
      );
    }
    at.next += blocks;
  }

  #heard(shipperId: string, sequence: number): void {
    const known = this.#acknowledged.get(shipperId) ?? new Set();
    this.#acknowledged.set(shipperId, known.add(sequence));
  }

  /** Deletes all that is there when nothing is on its way. */
  async #trim(): Promise<void> {
    await Promise.all(this.#onTheirWay);
    for (const shipperId of SHIPPERS) this.#trimmed.set(shipperId, await this.#sequences(shipperId));
    await trimByWorkers(server.url, this.#stream, WINDOW_MS);
    for (const shipperId of SHIPPERS)
      expect(await sequencesOf(server.url, this.#stream, shipperId)).toEqual([]);
  }

  /** All that were ever in the stream, in its order. */
  async #sequences(shipperId: string): Promise<number[]> {
    const stored = await sequencesOf(server.url, this.#stream, shipperId);
    return [...(this.#trimmed.get(shipperId) ?? []), ...stored];
  }

  async check(): Promise<void> {
    await Promise.all(this.#onTheirWay);
    for (const log of this.#logs) await log[Symbol.asyncDispose]();
    await using next = await openLog(server.url, this.#stream, SMALL);
    for (const shipperId of SHIPPERS) {
      const stored = await this.#sequences(shipperId);
      expect(stored).toEqual(upTo(stored.length));
      for (const sequence of this.#acknowledged.get(shipperId) ?? [])
        expect(sequence).toBeLessThanOrEqual(stored.length);
      expect((await next.resumePoint(shipperId))?.sequence ?? 0).toBe(stored.length);
    }
  }
}

test(
  'each number is in the stream once and in order, and what was acknowledged is there',
  async () => {
    let runs = 0;
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
      async (steps) => {
        const stream = `R${(runs += 1)}`;
        const logs = await Promise.all(
          Array.from({ length: RECEIVERS }, () => openLog(server.url, stream, SMALL)),
        );
        const run = new Run(stream, logs);
        for (const taken of steps) await run.take(taken);
        await run.check();
      },
    );
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  },
  60_000 + RUNS * 2000,
);

test('a server that is killed under load loses nothing and takes nothing twice', async () => {
  const stream = 'Killed';
  const told: string[] = [];
  const report = { troubled: () => told.push('troubled'), recovered: () => told.push('recovered') };
  await using log = await openLog(server.url, stream, { report });
  const blocks = 60;
  const appended = SHIPPERS.map(async (shipperId) => {
    await log.resumePoint(shipperId);
    for (const sequence of upTo(blocks)) {
      await log.append(await makeBlock({ shipperId, sequence }));
      if (sequence % 20 === 10 && shipperId === 'a') await restart();
    }
  });
  await Promise.all(appended);
  for (const shipperId of SHIPPERS)
    expect(await sequencesOf(server.url, stream, shipperId)).toEqual(upTo(blocks));
  expect(told.slice(0, 2)).toEqual(['troubled', 'recovered']);
}, 90_000);

async function restart(): Promise<void> {
  await server.kill();
  await server.again();
}
