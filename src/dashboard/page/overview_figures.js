/** What the overview says in words and tables. */
import { byId, el, empty, shown, stranger, table } from './dom.js';
import { bytes, bytesParts, count, duration, short } from './format.js';

/** The figures at the top. @param {any} figures */
export function showTiles({
  perSecond,
  entries,
  bytesIn,
  rawBytes,
  archivedBytes,
  compressionRatio,
  connectedShippers,
  goneShippers,
  connections,
  ackSeconds,
}) {
  const wrong = entries.rejected + entries.lost;
  const [inValue, inUnit] = bytesParts(perSecond.bytesIn);
  const [storedValue, storedUnit] = bytesParts(archivedBytes);
  const acks =
    perSecond.acks === 0 || ackSeconds.p99 === null ? 'none now' : `99 % within ${duration(ackSeconds.p99)}`;
  const tiles = [
    {
      name: 'Logs per second',
      value: count(perSecond.logs),
      beside: `${short(entries.stored)} since the start`,
    },
    { name: 'Bytes in', value: inValue, unit: `${inUnit}/s`, beside: `${bytes(bytesIn)} since the start` },
    { name: 'Archived', value: storedValue, unit: storedUnit, beside: `of ${bytes(rawBytes)} of logs` },
    {
      name: 'Compression',
      value: compressionRatio === null ? '—' : compressionRatio.toFixed(2),
      unit: compressionRatio === null ? '' : '×',
      beside: 'before to after',
    },
    {
      name: 'Shippers',
      value: count(connectedShippers),
      beside:
        goneShippers > 0
          ? `${count(connections)} connections, ${count(goneShippers)} seen before`
          : `${count(connections)} connections`,
    },
    {
      name: 'Rejected or lost',
      value: short(wrong),
      beside: `acks: ${acks}`,
      isBad: wrong > 0,
    },
  ];
  byId('tiles').replaceChildren(...tiles.map(tile));
}

/** @param {{ name: string, value: string, unit?: string, beside: string, isBad?: boolean }} figure */
function tile({ name, value, unit = '', beside, isBad = false }) {
  return el(
    'div',
    { className: 'tile', data: isBad ? { state: 'bad' } : {} },
    el('dt', { textContent: name }),
    el('dd', { className: 'value' }, value, el('span', { className: 'unit', textContent: unit })),
    el('dd', { className: 'beside', textContent: beside }),
  );
}

/** What the archive takes of what it may. @param {any} archive */
export function showDisk(archive) {
  if (archive === undefined) return byId('disk').replaceChildren(empty('Not looked at yet.'));
  const { segments, bytes: taken, freeBytes, maxBytes, maxAgeMs } = archive;
  const limit = maxBytes > 0 ? maxBytes : taken + freeBytes;
  const share = limit === 0 ? 0 : Math.min(1, taken / limit);
  const fill = el('span');
  fill.style.width = `${100 * share}%`;
  const isShort = freeBytes < 1024 ** 3;
  byId('disk').replaceChildren(
    el(
      'div',
      {},
      el('strong', { textContent: bytes(taken) }),
      ` of ${bytes(limit)} ${maxBytes > 0 ? 'that retention allows' : 'on this disk'}`,
    ),
    el('div', { className: 'bar', data: maxBytes === 0 && share > 0.9 ? { state: 'bad' } : {} }, fill),
    pairs([
      ['Segments', count(segments)],
      ['Free on disk', isShort ? `${bytes(freeBytes)}: little` : bytes(freeBytes)],
      ['Kept by size', maxBytes > 0 ? bytes(maxBytes) : 'no limit'],
      ['Kept by age', maxAgeMs > 0 ? duration(maxAgeMs / 1000) : 'no limit'],
    ]),
  );
}

/** @param {readonly (readonly [string, Node | string])[]} rows */
const pairs = (rows) =>
  el(
    'dl',
    { className: 'pairs' },
    ...rows.flatMap(([name, value]) => [el('dt', { textContent: name }), el('dd', {}, value)]),
  );

/** Who ships. @param {any} figures */
export function showShippers({ shippers, shipperCount }) {
  const rows = shippers.map((/** @type {any} */ one) => [
    stranger(one.id),
    count(one.entriesPerSecond),
    one.lagSeconds > 0 ? duration(one.lagSeconds) : one.connections > 0 ? 'none' : '—',
    one.ackedAtMs > 0 ? duration(one.ackSeconds) : '—',
    one.level === undefined ? '—' : String(one.level),
    one.archivedBytes > 0 ? (one.rawBytes / one.archivedBytes).toFixed(1) : '—',
    el('span', {}, ...shown(one.version ?? '—', { isRow: true })),
    one.connections > 0 ? 'connected' : one.isGone ? 'gone' : '—',
  ]);
  const columns = ['Shipper', 'Logs/s#', 'Lag#', 'Last ack#?', 'Level#?', 'Ratio#?', 'Version?', 'State'];
  const more = shipperCount - shippers.length;
  byId('shippers').replaceChildren(
    rows.length === 0 ? empty('No shipper has connected yet.') : table(columns, rows),
    ...(more > 0 ? [el('p', { className: 'note', textContent: `and ${count(more)} more` })] : []),
  );
}

/** Who follows the archive, and how far. @param {readonly any[]} followers */
export function showFollowers(followers) {
  const rows = followers.map((one) => [
    stranger(one.name),
    one.behindBytes === 0 ? 'none' : bytes(one.behindBytes),
    short(one.entries),
    count(one.malformed),
    count(one.lost),
  ]);
  byId('followers').replaceChildren(
    rows.length === 0
      ? empty(
          'Nothing follows the archive. OUTPUTS names what should: csv, sqlite, text, jsonl, stats, users.',
        )
      : table(['Follower', 'Behind#', 'Entries#', 'Not JSON#?', 'Lost#?'], rows),
  );
}

/**
 * What went wrong since the start.
 * @param {any} figures
 * @param {number} malformed lines, of those looked into
 */
export function showProblems({ entries, errors, rejects }, malformed) {
  const rows = [
    ...Object.entries(rejects).map(([code, value]) => [`Rejected entries: ${code}`, value]),
    ['Lost by shippers (declared)', entries.lost],
    ['Refused for want of a disk (kept by shippers)', entries.refused],
    ['Parse errors: lines that are no JSON, of those looked into', malformed],
    ...Object.entries(errors).map(([code, value]) => [`Errors: ${code}`, value]),
  ].filter(([, value]) => Number(value) > 0);
  byId('problems').replaceChildren(
    rows.length === 0
      ? empty('None: no rejected batch, no parse error, nothing lost.')
      : pairs(rows.map(([name, value]) => [String(name), count(Number(value))])),
  );
}
