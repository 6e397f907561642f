/** What `top` needs of an answer to be there, by example: it may come from another version, or from something else. */

const SHIPPER = {
  id: '',
  connections: 0,
  storedEntries: 0,
  entriesPerSecond: 0,
  ackedAtMs: 0,
  ackSeconds: 0,
  lagSeconds: 0,
};

const FOLLOWER = { name: '', entries: 0, malformed: 0, lost: 0, behindBytes: 0 };

const ARCHIVE = { segments: 0, bytes: 0, freeBytes: 0, maxBytes: 0, followers: [FOLLOWER] };

const FIGURES = {
  ...{ version: '', startedAtMs: 0, nowMs: 0, connections: 0 },
  health: { state: '' },
  perSecond: { logs: 0, bytesIn: 0, archivedBytes: 0 },
  entries: { stored: 0, inHand: 0, rejected: 0, refused: 0, lost: 0 },
  ackSeconds: {},
  errors: {},
  shippers: [SHIPPER],
  process: { cpuSeconds: 0, residentBytes: 0, loopDelaySeconds: 0 },
};

const ANSWER = { figures: FIGURES, history: { perSecond: { logs: [0] } } };

/** What a shipper may say of itself, or not. */
const STATUS = { version: '', level: 0, backlog: 0 };

/** True where the value has all that the view reads, each of its kind. */
export function hasLiveShape(value: unknown): boolean {
  if (!isLike(value, ANSWER)) return false;
  const { archive, shippers } = (value as { figures: { archive?: unknown; shippers: object[] } }).figures;
  const areStatusesRight = shippers.every((shipper) => isLike({ ...STATUS, ...shipper }, STATUS));
  return areStatusesRight && (archive === undefined || isLike(archive, ARCHIVE));
}

/** True where the value has the members of the example, of the same types; of an array where each element is like the first. */
function isLike(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value) && value.every((one) => isLike(one, example[0]));
  if (typeof example !== 'object' || example === null) return typeof value === typeof example;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(example).every(([name, member]) =>
    isLike((value as Readonly<Record<string, unknown>>)[name], member),
  );
}
