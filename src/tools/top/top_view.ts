/** What `top` shows, as lines of text: of a receiver's answer, in so many columns and rows. */
import type { LiveFigures, LiveShipper } from '../../monitor/live.ts';
import { showBytes } from '../table.ts';
import type { LiveAnswer } from './live_client.ts';
import { count, duration, fit, printable } from './shown.ts';
import { sparkline } from './sparkline.ts';

export interface TopState {
  /** Where the receiver is, as it is shown. */
  readonly where: string;
  /** Undefined before the first. */
  readonly answer: LiveAnswer | undefined;
  /** Of a processor, since the answer before; undefined where there was none. */
  readonly cpuShare?: number;
  /** Why there was no answer the last time, and for how long by now. */
  readonly away?: { readonly reason: string; readonly seconds: number };
}

export interface Line {
  readonly text: string;
  readonly style?: 'bold' | 'dim' | 'alarm';
}

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** At most `rows` lines of at most `columns` letters each; whatever is in them is printable. */
export function topLines(state: TopState, { columns, rows }: Room): Line[] {
  const lines: Line[] = [headLine(state)];
  if (state.away !== undefined) lines.push(awayLine(state.away));
  if (state.answer !== undefined) {
    const { figures, history } = state.answer;
    lines.push({ text: '' }, ...flowLines(figures, history.perSecond.logs, columns));
    for (const { parts, style } of factsOf(figures, state.cpuShare))
      lines.push(
        ...wrapped(parts, columns).map((text) => (style === undefined ? { text } : { text, style })),
      );
    const followers = followerLines(figures);
    const room = Math.max(MIN_SHIPPER_ROWS, rows - lines.length - followers.length - 1);
    lines.push({ text: '' }, ...shipperLines(figures.shippers, room, columns), ...followers);
  }
  return lines
    .slice(0, Math.max(0, rows))
    .map(({ text, ...style }) => ({ text: fit(printable(text), columns), ...style }));
}

/** The head, the busiest, and how many more there are. */
const MIN_SHIPPER_ROWS = 3;

function headLine({ where, answer }: TopState): Line {
  if (answer === undefined) return { text: `logferry  ${where}`, style: 'bold' };
  const { version, startedAtMs, nowMs, health } = answer.figures;
  const up = duration((nowMs - startedAtMs) / 1000);
  const state = health.state === 'ok' ? 'ok' : health.state.toUpperCase().replaceAll('_', ' ');
  const reason = health.reason === undefined ? '' : `: ${health.reason}`;
  return {
    text: `logferry ${version}  ${where}  up ${up}  ${state}${reason}`,
    style: health.state === 'ok' ? 'bold' : 'alarm',
  };
}

const awayLine = ({ reason, seconds }: NonNullable<TopState['away']>): Line => ({
  text: `NOT CONNECTED for ${duration(seconds)}: ${reason}`,
  style: 'alarm',
});

function flowLines({ perSecond }: LiveFigures, logs: readonly number[], columns: number): Line[] {
  const now = `${count(perSecond.logs)} logs/s`.padEnd(RATE_WIDTH);
  return [{ text: `${now} ${sparkline(logs, columns - RATE_WIDTH - 1)}`, style: 'bold' }];
}

const RATE_WIDTH = 16;

/** Figures that belong together: on one line where there is room, else on several. */
interface Facts {
  readonly parts: readonly string[];
  readonly style?: Line['style'];
}

function factsOf(figures: LiveFigures, cpuShare: number | undefined): Facts[] {
  const { perSecond, compressionRatio, ackSeconds, archive, errors } = figures;
  const { stored, inHand, rejected, refused, lost } = figures.entries;
  const codes = Object.entries(errors).toSorted(([, a], [, b]) => b - a);
  return [
    {
      parts: [
        `in ${showBytes(perSecond.bytesIn)}/s`,
        `archived ${showBytes(perSecond.archivedBytes)}/s`,
        `ratio ${compressionRatio ?? '-'}`,
        `ack ${duration(ackSeconds.median)} (99%: ${duration(ackSeconds.p99)})`,
      ],
    },
    {
      parts: [
        `stored ${count(stored)}`,
        `in hand ${count(inHand)}`,
        `rejected ${count(rejected)}`,
        `refused ${count(refused)}`,
        `lost ${count(lost)}`,
      ],
    },
    { parts: archive === undefined ? [] : diskParts(archive) },
    { parts: processParts(figures, cpuShare) },
    {
      parts: codes.map(([code, times], index) => `${index === 0 ? 'errors: ' : ''}${code} ${count(times)}`),
      style: 'alarm',
    },
  ];
}

const diskParts = ({
  bytes,
  segments,
  maxBytes,
  freeBytes,
}: NonNullable<LiveFigures['archive']>): string[] => [
  `disk ${showBytes(bytes)}${maxBytes === 0 ? '' : ` of ${showBytes(maxBytes)}`} in ${segments === 1 ? '1 segment' : `${count(segments)} segments`}`,
  `free ${showBytes(freeBytes)}`,
];

const processParts = ({ process, connections }: LiveFigures, cpuShare: number | undefined): string[] => [
  ...(cpuShare === undefined ? [] : [`cpu ${Math.round(cpuShare * 100)}%`]),
  `memory ${showBytes(process.residentBytes)}`,
  `loop delay ${duration(process.loopDelaySeconds)}`,
  connections === 1 ? '1 connection' : `${count(connections)} connections`,
];

/** The parts with two spaces between, on as few lines as they fit. */
function wrapped(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + part.length <= columns)
      lines[lines.length - 1] = `${last}  ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** A column of shippers: its head, what is in it, and how wide it is. */
const COLUMNS: readonly (readonly [head: string, cell: (shipper: LiveShipper) => string, width: number])[] = [
  ['logs/s', (shipper) => count(shipper.entriesPerSecond), 9],
  ['lag', (shipper) => duration(shipper.lagSeconds), 7],
  ['ack', (shipper) => (shipper.ackedAtMs === 0 ? '-' : duration(shipper.ackSeconds)), 7],
  ['level', (shipper) => count(shipper.level), 5],
  ['backlog', (shipper) => count(shipper.backlog), 9],
  ['stored', (shipper) => count(shipper.storedEntries), 13],
  ['version', (shipper) => printable(shipper.version ?? '-'), 8],
];

const MIN_NAME_WIDTH = 14;

/** The busiest shippers, in as many columns as there is room for. */
function shipperLines(shippers: readonly LiveShipper[], rows: number, columns: number): Line[] {
  if (shippers.length === 0) return [{ text: 'no shippers yet', style: 'dim' }];
  const names = shippers.map(nameOf);
  const longest = Math.max(MIN_NAME_WIDTH, ...names.map((name) => name.length));
  const shown = columnsWithin(columns - MIN_NAME_WIDTH);
  const taken = shown.reduce((sum, [, , width]) => sum + width + 1, 0);
  const nameWidth = Math.min(longest, columns - taken);
  const row = (name: string, cells: readonly string[]): string =>
    [fit(name, nameWidth).padEnd(nameWidth), ...cells].join(' ');
  const fitting = shippers.length < rows ? shippers.length : rows - 2;
  const more = shippers.length - fitting;
  return [
    {
      text: row(
        'shipper',
        shown.map(([head, , width]) => head.padStart(width)),
      ),
      style: 'dim',
    },
    ...shippers.slice(0, fitting).map((shipper, index) => ({
      text: row(
        names[index] ?? '',
        shown.map(([, cell, width]) => fit(cell(shipper), width).padStart(width)),
      ),
    })),
    ...(more === 0 ? [] : [{ text: `and ${more} more`, style: 'dim' as const }]),
  ];
}

/** What plain peers, HTTP and Thrift bring has an id of the receiver's own, and no connection. */
function nameOf({ id, connections }: LiveShipper): string {
  const isGone = connections === 0 && !/^[@(]/.test(id);
  return printable(isGone ? `${id} (gone)` : id);
}

function columnsWithin(room: number): typeof COLUMNS {
  let left = room;
  return COLUMNS.filter(([, , width]) => (left -= width + 1) >= 0);
}

function followerLines({ archive }: LiveFigures): Line[] {
  if (archive === undefined || archive.followers.length === 0) return [];
  return [
    { text: '' },
    ...archive.followers.map(({ name, behindBytes, entries, malformed, lost }) => ({
      text: `follower ${name.padEnd(8)} behind ${showBytes(behindBytes)}  entries ${count(entries)}  malformed ${count(malformed)}  lost ${count(lost)}`,
      ...(lost > 0 ? { style: 'alarm' as const } : {}),
    })),
  ];
}
