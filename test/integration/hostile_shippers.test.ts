/** Peers that greeted and then break the rules: each is told which, and costs its own connection or its own batch. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH_INPUTS, MAX_BATCH_BYTES, MAX_FRAME_BYTES, SHIPPER_INPUTS } from '../helpers/hostile_inputs.ts';
import { HELLO, acknowledged, batchFrame, openFrame, rawPeer } from '../helpers/raw_peer.ts';
import { archivedHeaders, archivedLines } from '../helpers/receivers.ts';
import { until } from '../helpers/until.ts';
import { WitnessedReceiver, oneMore } from '../helpers/witness.ts';

let tested: WitnessedReceiver;
beforeAll(async () => {
  tested = await WitnessedReceiver.start({
    limits: { maxFrameBytes: MAX_FRAME_BYTES, maxBatchBytes: MAX_BATCH_BYTES },
  });
});

afterAll(async () => {
  expect(await tested.end()).toMatchObject({ code: 0, isWitnessWhole: true });
});

describe('ends the connection with an ERROR', () => {
  test.each(SHIPPER_INPUTS)('%s: %s', async (code, what, pieces) => {
    const before = tested.receiver.ledger.errors;
    await using peer = await rawPeer(tested.receiver.port);
    peer.send(HELLO, ...pieces(idOf(what)));
    await peer.ended();
    const [error, ...more] = peer.messages('ERROR');
    expect(error).toEqual({ code, reason: expect.stringMatching(/.{10}/) as string });
    expect(more).toEqual([]);
    expect(peer.frames.at(-1)?.type).toBe('ERROR');
    expect(tested.receiver.ledger.errors).toEqual(oneMore(before, code));
    await tested.shipsOn();
  });

  test('truncated: an end of the stream inside a batch; what came whole before it is stored', async () => {
    const before = tested.receiver.ledger.errors;
    await using peer = await rawPeer(tested.receiver.port);
    peer.send(HELLO, openFrame('cut'), batchFrame(), batchFrame({ sequence: 2 }).subarray(0, -1));
    peer.socket.end();
    await peer.ended();
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'truncated' }]);
    await until(
      'the batch before is stored',
      async () => (await archivedLines(tested.folder.path, 'cut')).length === 1,
    );
    expect(tested.receiver.ledger.errors).toEqual(oneMore(before, 'truncated'));
    await tested.shipsOn();
  });
});

describe('refuses a batch with a REJECT, declares its number a gap, and takes the next', () => {
  test.each(BATCH_INPUTS)('%s: %s', async (code, what, wishes) => {
    const shipper = idOf(`${code} ${what}`);
    const { ledger, port } = tested.receiver;
    const { errors: before, rejected } = ledger;
    await using peer = await rawPeer(port);
    peer.send(HELLO, openFrame(shipper), batchFrame({ ...wishes, sequence: 1 }), batchFrame({ sequence: 2 }));
    await until('the next batch is acknowledged', () => acknowledged(peer) === 2);
    expect(peer.messages('REJECT')).toEqual([
      { sequence: 1, code, reason: expect.stringMatching(/.{10}/) as string },
    ]);
    expect(peer.messages('ERROR')).toEqual([]);
    expect(ledger.errors).toEqual(oneMore(before, code));
    const [gap, block] = await archivedHeaders(tested.folder.path, shipper);
    expect(gap).toMatchObject({ sequence: 1, count: 0, gap: { from: 1, reason: `rejected: ${code}` } });
    expect(gap?.gap?.entries).toBe(ledger.rejected - rejected);
    expect(block).toMatchObject({ sequence: 2, count: 1 });
    expect(await archivedLines(tested.folder.path, shipper)).toEqual(['{"n":1}']);
    await tested.shipsOn();
  });
});

test('the books balance after all that', async () => {
  await until('nothing is in hand', () => tested.receiver.ledger.inHand === 0);
  const { received, stored, repeated, rejected, refused } = tested.receiver.ledger;
  expect(received).toBe(stored + repeated + rejected + refused);
});

const idOf = (what: string): string => what.replace(/[^A-Za-z0-9]+/g, '-');
