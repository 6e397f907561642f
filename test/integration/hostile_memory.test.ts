/** Every hostile input there is, from twenty peers at once, costs a receiver no more memory than its limits give. */
import { expect, test } from 'vitest';
import {
  BATCH_INPUTS,
  MAX_BATCH_BYTES,
  MAX_FRAME_BYTES,
  PLAIN_INPUTS,
  SHIPPER_INPUTS,
} from '../helpers/hostile_inputs.ts';
import { peakMib, tellsPeakMemory } from '../helpers/peak_memory.ts';
import { ReceiverProgram } from '../helpers/programs.ts';
import { HELLO, batchFrame, openFrame, rawPeer, shipperPeer } from '../helpers/raw_peer.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const AT_ONCE = 20;

/** Twenty frames, two batches inflated, what zlib takes, and what the collector has not taken back yet: some 55, and room. */
const MOST_MIB = 96;

interface Input {
  readonly code: string;
  readonly bytesOf: (shipperId: string) => Buffer;
}

const INPUTS: readonly Input[] = [
  ...PLAIN_INPUTS.map(([code, , bytes]): Input => ({ code, bytesOf: () => bytes })),
  ...SHIPPER_INPUTS.map(([code, , pieces]): Input => {
    return { code, bytesOf: (id) => Buffer.concat([HELLO, ...pieces(id)]) };
  }),
  ...BATCH_INPUTS.map(([code, , wishes]): Input => {
    return { code, bytesOf: (id) => Buffer.concat([HELLO, openFrame(id), batchFrame(wishes)]) };
  }),
];

/** How often each code comes, when all inputs are sent. */
function expectedErrors(): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { code } of INPUTS) errors[code] = (errors[code] ?? 0) + AT_ONCE;
  return errors;
}

test.skipIf(!tellsPeakMemory)(`at most ${MOST_MIB} MiB over what it takes at rest`, async () => {
  await using folder = await temporaryFolder();
  await using receiver = await ReceiverProgram.start(folder.path, {
    env: { MAX_FRAME_BYTES: String(MAX_FRAME_BYTES), MAX_BATCH_BYTES: String(MAX_BATCH_BYTES) },
  });
  const atRest = await peakMib(receiver);
  for (const [row, { bytesOf }] of INPUTS.entries()) {
    await using peers = new AsyncDisposableStack();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, n) => {
        const peer = peers.use(await rawPeer(receiver.port));
        peer.send(bytesOf(`hostile-${row}-${n}`));
        peer.socket.end();
        await peer.ended();
      }),
    );
  }
  await using honest = await shipperPeer(receiver.port, 'honest');
  honest.send(batchFrame());
  await honest.next('ACK');
  const peak = await peakMib(receiver);
  expect(peak - atRest).toBeLessThan(MOST_MIB);
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
  expect(receiver.log.at(-1)).toMatchObject({ msg: 'receiver stopped', errors: expectedErrors() });
});
