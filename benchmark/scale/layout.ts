/** What is set up and put under load: a log of record, the receivers before it, the workers behind it. */
export interface Layout {
  readonly log: 'archive' | 'jetstream';
  /** With the archive each has one of its own. */
  readonly receivers: number;
  /** Programs that each send one file, divided among the receivers. */
  readonly shippers: number;
  /** NATS servers, each with all of the log; none where the log is an archive. */
  readonly replicas: number;
  /** That write the log out into archives, while it is written. */
  readonly workers: number;
}

export const ROLES = ['shippers', 'receivers', 'servers', 'workers'] as const;
export type Role = (typeof ROLES)[number];

/** What the processes of a role cost together. */
export interface Cost {
  readonly processes: number;
  readonly cpuSeconds: number;
  /** Of the one that took most. */
  readonly peakBytes: number;
}

/** What one load came to. */
export interface Outcome {
  readonly entries: number;
  readonly rawBytes: number;
  /** From the start of the shippers until the last of them had all acknowledged, and had ended. */
  readonly wallSeconds: number;
  /** From there until the workers had written out what was left. */
  readonly behindSeconds: number;
  readonly costs: Readonly<Record<Role, Cost>>;
  /** Cores that the processes of a role kept busy in the wall time alone. */
  readonly busyCores: Readonly<Record<Role, number>>;
  /** Cores of the machine that were busy in it, with whatever else runs there. */
  readonly machineCores: number;
}

export const cpuPerMillion = ({ costs, entries }: Outcome, role: Role): number =>
  (costs[role].cpuSeconds / entries) * 1e6;

/** Of all roles. */
export const totalPerMillion = (outcome: Outcome): number =>
  ROLES.reduce((sum, role) => sum + cpuPerMillion(outcome, role), 0);

export const entriesPerSecond = ({ entries, wallSeconds }: Outcome): number => entries / wallSeconds;

/** The same of each role. */
export function byRole<From, To>(
  values: Readonly<Record<Role, From>>,
  make: (value: From, role: Role) => To,
): Record<Role, To> {
  return Object.fromEntries(ROLES.map((role) => [role, make(values[role], role)])) as Record<Role, To>;
}

/** An outcome without what starting and ending the programs cost, which `start` did with next to nothing to do. */
export function withoutStart(outcome: Outcome, start: Outcome): Outcome {
  const costs = byRole(outcome.costs, (cost, role) => ({
    ...cost,
    cpuSeconds: Math.max(0, cost.cpuSeconds - start.costs[role].cpuSeconds),
  }));
  return { ...outcome, costs };
}
