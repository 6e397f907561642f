import { expect, test } from 'vitest';
import { compare } from '../../../benchmark/peers/compare.ts';
import type { Peer, Round } from '../../../benchmark/peers/peer.ts';
import { findProgram } from '../../../benchmark/peers/programs.ts';
import { reportOf } from '../../../benchmark/peers/report.ts';
import type { Context } from '../../../benchmark/workload.ts';

const ROUND: Round = {
  entries: 1000,
  wallSeconds: 0.5,
  shipperCpuSeconds: 0.002,
  receiverCpuSeconds: 0.001,
  shipperPeakBytes: 2 ** 20,
  receiverPeakBytes: 2 ** 21,
  wireBytes: null,
  storedBytes: 5000,
  losses: { lost: 1, repeated: 2, damaged: 3 },
};

const peer = (name: string, needs: Partial<Peer<string>>, done: string[] = []): Peer<string> => ({
  name,
  stores: 'gzip',
  guarantee: 'nothing',
  ...needs,
  measure(work, path) {
    done.push(`${name} ${work} ${path}`);
    return Promise.resolve(ROUND);
  },
});

const context: Context = {
  signal: new AbortController().signal,
  isWanted: (name) => name !== 'unwanted',
  progress: () => undefined,
};

test('peers take turns, each with its program; the losses of all rounds are summed up', async () => {
  const done: string[] = [];
  const peers = [
    peer('ours', {}, done),
    peer('theirs', { needs: 'go' }, done),
    peer('unwanted', { needs: 'go' }, done),
  ];
  const rows = await compare(peers, 'work', 2, context, () =>
    Promise.resolve({ path: '/go', title: 'go 1.2' }),
  );
  expect(done).toEqual(['ours work ', 'theirs work /go', 'ours work ', 'theirs work /go']);
  expect(rows).toMatchObject([
    { alternative: 'ours', program: null, losses: { lost: 2, repeated: 4, damaged: 6 } },
    {
      alternative: 'theirs',
      program: 'go 1.2',
      entriesPerSecond: { median: 2000 },
      cpuSecondsPerMillion: { both: { median: 3 } },
      bytesPerEntry: { wire: null, stored: { median: 5 } },
    },
  ]);
  expect(reportOf('Title', rows)).toContain('\nWith go 1.2.\n');
  expect(reportOf('Title', rows)).not.toContain('skipped');
});

test('one whose program is missing is skipped, and the table says so', async () => {
  const peers = [peer('theirs', { needs: 'rsyslogd' }), peer('ours', {})];
  const rows = await compare(peers, 'work', 1, context, () => Promise.resolve(undefined));
  expect(rows).toMatchObject([
    { alternative: 'theirs', skipped: "needs Debian's rsyslog" },
    { alternative: 'ours', losses: { lost: 1 } },
  ]);
  const report = reportOf('Title', rows);
  expect(report).toMatch(/^\| theirs +\| +skipped: needs Debian's rsyslog \|/m);
  expect(report).toContain('benchmark/peers/install.sh');
});

test('a program is found with its version, and is not where no folder has it', async () => {
  expect(await findProgram('python3')).toEqual({
    path: expect.stringMatching(/^\/.*python/) as string,
    title: expect.stringMatching(/^python3 3\.\d+/) as string,
  });
  expect(await findProgram('python3', ['/nowhere', import.meta.dirname])).toBeUndefined();
});
