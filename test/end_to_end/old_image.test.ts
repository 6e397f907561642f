/** A machine that is put back to an old image: its spool and its files are those of then, the archive is of now. */
import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ReceiverProgram, runServer, startShipper } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { archivedHeaders, archivedLines } from '../helpers/receivers.ts';
import { numbered } from '../helpers/shippers.ts';
import { spooledEntries } from '../helpers/spooled.ts';
import { spoolFiles } from '../helpers/spools.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ID = 'put-back';
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const shipping = (folder: TemporaryFolder): Record<string, string> => ({
  ...{ SPOOL_DIR: folder.in('spool'), STATE_DIR: folder.in('state'), SHIPPER_ID: ID },
  ...{ BATCH_INTERVAL: '0.01', BATCH_MAX_BYTES: '4KiB', DELIVERY: 'acked' },
});

test('a spool of an old image: what it holds was delivered since and is not stored again, what is new has numbers of its own', async () => {
  await using folder = await temporaryFolder();
  const [data, spool, port] = [folder.in('data'), folder.in('spool'), await quietPort()];
  {
    await using killed = startShipper(port, ['pipe'], shipping(folder));
    killed.child.stdin?.write(textOf(numbered(1000)));
    await until('all are spooled', async () => {
      const files = await spoolFiles(spool).catch(() => []);
      return files.length > 0 && (await spooledEntries(spool)) === 1000;
    });
    killed.kill('SIGKILL');
    await killed.ended();
  }
  await cp(spool, folder.in('image'), { recursive: true, filter: (path) => !path.endsWith('.sock') });
  await using receiver = await ReceiverProgram.start(data, { port });
  for (const from of [1001, 2001]) {
    await using shipper = startShipper(port, ['pipe'], shipping(folder));
    shipper.child.stdin?.end(textOf(numbered(1000, from)));
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    await rm(spool, { recursive: true });
    await cp(folder.in('image'), spool, { recursive: true });
  }
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
  expect(await archivedLines(data, ID)).toEqual(numbered(3000));
  expect(new Set((await archivedHeaders(data, ID)).map(({ epoch }) => epoch)).size).toBe(3);
  expect(await runServer(['verify', data])).toMatchObject({ code: 0 });
});

test('a file of an old image is shorter than its place: it is taken for another one, from its start, and that is said', async () => {
  await using folder = await temporaryFolder();
  const [data, file] = [folder.in('data'), folder.in('app.log')];
  await using receiver = await ReceiverProgram.start(data);
  const send = async (): Promise<string> => {
    await using shipper = startShipper(receiver.port, ['send', file], shipping(folder));
    const { code, stderr } = await shipper.ended();
    expect(code, stderr).toBe(0);
    return stderr;
  };
  await writeFile(file, textOf(numbered(1000)));
  const image = await readFile(file);
  await appendFile(file, textOf(numbered(1000, 1001)));
  await send();
  await writeFile(file, image);
  expect(await send()).toContain('shorter than the');
  await writeFile(file, textOf(numbered(3000)));
  expect(await send()).not.toContain('shorter than the');
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
  expect(await archivedLines(data, ID)).toEqual([...numbered(2000), ...numbered(3000)]);
  expect(await runServer(['verify', data])).toMatchObject({ code: 0 });
});
