/** All that ship a file, side by side. */
import { join } from 'node:path';
import { shipThrough, type DaemonPair } from './daemon_pair.ts';
import { LOGFERRY_FILE } from './logferry.ts';
import type { FileWork, Peer } from './peer.ts';
import type { ProgramName } from './programs.ts';

const rsyslog = (kind: string): DaemonPair => ({
  ship: `rsyslog_${kind}_ship.conf`,
  receive: `rsyslog_${kind}_receive.conf`,
  command: (path, configuration) => [path, '-n', '-iNONE', '-f', configuration],
});

const syslogNg: DaemonPair = {
  ship: 'syslog_ng_ship.conf',
  receive: 'syslog_ng_receive.conf',
  command: (path, configuration, folder) => [
    path,
    '--foreground',
    '--no-caps',
    ...['--cfgfile', configuration],
    ...['--persist-file', join(folder, 'persist')],
    ...['--pidfile', join(folder, 'pid')],
    ...['--control', join(folder, 'control')],
  ],
};

export const FILE_PEERS: readonly Peer<FileWork>[] = [
  ...LOGFERRY_FILE,
  daemons('rsyslog TCP zlib 1', 'rsyslogd', rsyslog('tcp_zlib'), 'nothing'),
  daemons('rsyslog TCP', 'rsyslogd', rsyslog('tcp'), 'nothing'),
  daemons('rsyslog RELP', 'rsyslogd with RELP', rsyslog('relp'), 'in receiver memory'),
  daemons('syslog-ng TCP', 'syslog-ng', syslogNg, 'nothing'),
];

function daemons(name: string, needs: ProgramName, pair: DaemonPair, guarantee: string): Peer<FileWork> {
  return {
    name,
    stores: 'plain text',
    guarantee,
    needs,
    measure: (work, path, signal) => shipThrough(pair, path, work, signal),
  };
}
