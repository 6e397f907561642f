/** What the JSON of a plain peer costs a receiver in memory, however it is made: a few times its length, and no object of it. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ReceiverProgram } from '../helpers/programs.ts';
import { frame, rawPeer } from '../helpers/raw_peer.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const MIB = 1024 * 1024;
/** The default MAX_BATCH_BYTES. */
const PAYLOAD_MIB = 32;

/** The payload, its elements set aside, room to compress into, and as much again to be on the safe side. It takes 100. */
const MOST_MIB = 192;

/** `head`, so many `part`s as it has room for, and `tail`. */
function payload(head: string, part: string, tail = ''): Buffer {
  const times = Math.floor((PAYLOAD_MIB * MIB - head.length - tail.length) / part.length);
  return Buffer.from(head + part.repeat(times) + tail);
}

async function peakMib({ child }: ReceiverProgram): Promise<number> {
  const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const nested = '['.repeat(500) + ']'.repeat(500);

describe.skipIf(process.platform !== 'linux')(
  'a payload of 32 MiB costs a receiver no more than 192 MiB',
  () => {
    test.each([
      ['of eleven million empty entries', payload('[', '{},', '{}]'), undefined],
      ['of sixteen million numbers', payload('[', '1,', '1]'), 'not_an_object'],
      ['of arrays as deep as may be', payload('[', `${nested},`, '[]]'), 'not_an_object'],
      ['of one string', payload('["é', '\\"', '"]'), 'not_an_object'],
      ['of one entry that is too long', payload('[{"a":"', '\\"', '"}]'), 'entry_too_large'],
      ['of line breaks', payload('[{"a":1}', '\n', ']'), undefined],
      ['of brackets', payload('', '['), 'too_deep'],
      ['of a string that never ends', payload('["', 'x'), 'not_json'],
      ['of no UTF-8', Buffer.alloc(PAYLOAD_MIB * MIB, 0xff), 'not_utf8'],
    ])('%s', async (_, text, code) => {
      await using folder = await temporaryFolder();
      await using receiver = await ReceiverProgram.start(folder.path);
      const before = await peakMib(receiver);
      await using peer = await rawPeer(receiver.port);
      peer.send(frame(3, gzipSync(text, { level: 1 })));
      peer.socket.end();
      await peer.ended();
      expect((await peakMib(receiver)) - before).toBeLessThan(MOST_MIB);
      receiver.kill('SIGTERM');
      expect(await receiver.ended()).toMatchObject({ code: 0 });
      expect(receiver.log.find(({ msg }) => msg === 'receiver stopped')).toMatchObject({
        errors: code === undefined ? {} : { [code]: 1 },
        inHand: 0,
      });
    });
  },
);
