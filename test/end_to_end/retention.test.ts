/** Retention as a user sets it: the programs as processes, segments that really go, and shippers that do not notice. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import {
  ReceiverProgram,
  archiveBytes,
  runServer,
  startShipper,
  type Ended,
  type Program,
} from '../helpers/programs.ts';
import { archivedLines } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const SEGMENT_BYTES = 64 * 1024;
const MAX_BYTES = 4 * SEGMENT_BYTES;

const namesIn = async (data: string): Promise<string[]> => (await listSegments(data)).map(({ name }) => name);

/** Ships a file as a process of its own; the last line of its log has the counts. */
async function sendFile(port: number, file: string, state: string): Promise<Ended & { last: unknown }> {
  await using shipper = startShipper(port, ['send', file], { SHIPPER_ID: 'early', STATE_DIR: state });
  const ended = await shipper.ended();
  return { ...ended, last: shipper.log.at(-1) };
}

/** A shipper of what it is fed, in small batches; the archive grows by it as long as `feed` goes on. */
class Feed implements AsyncDisposable {
  readonly #shipper: Program;
  #lines = 0;

  constructor(port: number, state: string) {
    this.#shipper = startShipper(port, ['pipe'], {
      SHIPPER_ID: 'late',
      STATE_DIR: state,
      BATCH_INTERVAL: '0.01',
      BATCH_MAX_BYTES: '8KiB',
    });
  }

  get lines(): number {
    return this.#lines;
  }

  /** Feeds a little, and again, until `isEnough` answers true. */
  async until(what: string, isEnough: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!(await isEnough())) {
      if (performance.now() > deadline) throw new Error(`fed ${this.#lines} lines in vain: ${what}`);
      await this.#feed(40);
      await delay(10);
    }
  }

  /** Ends it; the answer is how it ended, and its last word. */
  async end(): Promise<Ended & { last: unknown }> {
    this.#shipper.child.stdin?.end();
    const ended = await this.#shipper.ended();
    return { ...ended, last: this.#shipper.log.at(-1) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#shipper[Symbol.asyncDispose]();
  }

  async #feed(lines: number): Promise<void> {
    const { stdin } = this.#shipper.child;
    if (stdin === null) throw new Error('no standard input');
    const text = Array.from({ length: lines }, () => {
      this.#lines += 1;
      return `{"n":${this.#lines},"id":"${randomBytes(300).toString('base64')}"}\n`;
    });
    if (!stdin.write(text.join(''))) await once(stdin, 'drain');
  }
}

async function stop(receiver: ReceiverProgram): Promise<void> {
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
}

/** What is left of a shipper's numbered lines: the last ones, none missing, up to `last`. */
async function expectTail(data: string, shipper: string, last: number): Promise<void> {
  const numbers = (await archivedLines(data, shipper)).map((line) => (JSON.parse(line) as { n: number }).n);
  const first = numbers[0] ?? 0;
  expect(first).toBeGreaterThan(1);
  expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, index) => first + index));
  expect(await runServer(['verify', data])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('clean') as string,
  });
}

describe.each([
  ['RETENTION_MAX_BYTES', String(MAX_BYTES)],
  ['RETENTION_MAX_AGE', '1'],
])('%s', (option, value) => {
  test('segments go while they are written, their shipper goes on, and the resume points stay over a restart', async () => {
    await using folder = await temporaryFolder();
    const [data, file, state] = [folder.in('data'), folder.in('early.jsonl'), folder.in('state')];
    await writeNumberedFile(file, 100);
    const env = { [option]: value, SEGMENT_MAX_BYTES: String(SEGMENT_BYTES) };
    let lines: number;
    {
      await using receiver = await ReceiverProgram.start(data, { env });
      expect(await sendFile(receiver.port, file, state)).toMatchObject({
        code: 0,
        last: { acknowledged: 100 },
      });
      const [oldest = ''] = await namesIn(data);
      await using feed = new Feed(receiver.port, state);
      await feed.until('the oldest segment goes', async () => !(await namesIn(data)).includes(oldest));
      const [next = ''] = await namesIn(data);
      await feed.until('the one after it goes', async () => !(await namesIn(data)).includes(next));
      ({ lines } = feed);
      expect(await feed.end()).toMatchObject({
        code: 0,
        last: { read: lines, acknowledged: lines, connections: 1, resent: 0, inFlight: 0 },
      });
      await stop(receiver);
      const deleted = receiver.log.filter(({ msg }) => msg.startsWith('retention deleted'));
      expect(deleted[0]?.segment).toBe(oldest);
      expect(deleted.map(({ segment }) => segment)).toContain(next);
      if (option === 'RETENTION_MAX_BYTES')
        expect(await archiveBytes(data)).toBeLessThanOrEqual(MAX_BYTES + SEGMENT_BYTES);
    }
    expect(await archivedLines(data, 'early')).toEqual([]);
    await expectTail(data, 'late', lines);

    await using again = await ReceiverProgram.start(data, { env });
    expect(await sendFile(again.port, file, state)).toMatchObject({ code: 0, last: { read: 0 } });
    await appendFile(file, '{"appended":1}\n');
    expect(await sendFile(again.port, file, state)).toMatchObject({ code: 0, last: { acknowledged: 1 } });
    await stop(again);
    expect(await archivedLines(data, 'early')).toEqual(['{"appended":1}']);
    expect(await runServer(['verify', data])).toMatchObject({ code: 0 });
  });
});
